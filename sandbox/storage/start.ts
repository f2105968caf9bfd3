import { join } from 'node:path';
import { startProgram } from '../processes/start-program.ts';

/** Azurite's well-known development account: public, the same on every machine, good for nothing but Azurite. */
const accountName = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface StorageOptions {
  /** Where tables and blobs are kept; without it they are gone when the storage stops. */
  folder?: string;
  /** Default 0: a free one. */
  tablePort?: number;
  blobPort?: number;
  /** Gets what Azurite writes. */
  onLine?: (line: string) => void;
}

/** Table and Blob Storage on this machine. */
export interface Storage {
  /** For `@azure/data-tables` (with `allowInsecureConnection: true`) and `@azure/storage-blob`. */
  connectionString: string;
  tablePort: number;
  blobPort: number;
  pid: number;
  /** Writes what is in memory to the folder, then ends the process. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Starts Azurite's tables and blobs in a process of their own, on the loopback interface.
 *
 * With a folder, Azurite writes its databases every 5 s and when it is stopped: what was written in the seconds before
 * a SIGKILL of the storage itself is lost.
 *
 * @throws Error with Azurite's last lines when it does not come up
 */
export async function startStorage(options: StorageOptions = {}): Promise<Storage> {
  const program = await startProgram({
    name: 'storage',
    file: join(__dirname, 'program.ts'),
    args: argumentsOf(options),
    ...(options.onLine ? { onLine: options.onLine } : {}),
  });
  const tablePort = Number(program.ready.tablePort);
  const blobPort = Number(program.ready.blobPort);
  return {
    connectionString: connectionString(tablePort, blobPort),
    tablePort,
    blobPort,
    pid: program.pid,
    stop: async () => {
      await program.stop();
    },
    kill: async () => {
      await program.kill();
    },
  };
}

function argumentsOf({ folder, tablePort = 0, blobPort = 0 }: StorageOptions): string[] {
  const ports = ['--table-port', String(tablePort), '--blob-port', String(blobPort)];
  return folder === undefined ? ports : ['--folder', folder, ...ports];
}

function connectionString(tablePort: number, blobPort: number): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${accountName}`,
    `AccountKey=${accountKey}`,
    `BlobEndpoint=http://127.0.0.1:${blobPort}/${accountName}`,
    `TableEndpoint=http://127.0.0.1:${tablePort}/${accountName}`,
    '',
  ].join(';');
}
