import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runAsProgram, type Service } from '../processes/run-as-program.ts';
import { type AzuriteServer, blobServer, tableServer } from './azurite.ts';

/** `program.ts [--folder DIR] [--table-port N] [--blob-port N]`: on loopback; 0, the default, takes free ports. */
async function start(): Promise<Service> {
  const port = { type: 'string', default: '0' } as const;
  const { values } = parseArgs({
    options: { folder: { type: 'string' }, 'table-port': port, 'blob-port': port },
  });
  if (values.folder !== undefined) await mkdir(values.folder, { recursive: true });
  const tables = tableServer(values.folder, Number(values['table-port']));
  const blobs = blobServer(values.folder, Number(values['blob-port']));
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
