import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runAsProgram, type Service } from '../processes/run-as-program.ts';
import { type AzuriteServer, blobServer, tableServer } from './azurite.ts';

/** `program.ts [--folder DIR]`: tables and blobs on free ports of the loopback interface. */
async function start(): Promise<Service> {
  const { values } = parseArgs({ options: { folder: { type: 'string' } } });
  if (values.folder !== undefined) await mkdir(values.folder, { recursive: true });
  const tables = tableServer(values.folder);
  const blobs = blobServer(values.folder);
  await Promise.all([tables.start(), blobs.start()]);
  return {
    ready: { tablePort: portOf(tables), blobPort: portOf(blobs) },
    stop: async () => {
      await Promise.all([tables.close(), blobs.close()]);
    },
  };
}

function portOf(server: AzuriteServer): number {
  return Number(new URL(server.getHttpServerAddress()).port);
}

runAsProgram(start);
