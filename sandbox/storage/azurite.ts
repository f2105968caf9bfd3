import { join } from 'node:path';

/** One of Azurite's servers, as far as it is used here. */
export interface AzuriteServer {
  start(): Promise<void>;
  close(): Promise<void>;
  /** `http://host:port` of the listening server. */
  getHttpServerAddress(): string;
}

type Constructor<T> = new (...parameters: unknown[]) => T;

/**
 * Azurite has no programming interface and no types, so this file holds its inner classes. They are used directly,
 * not through Azurite's command line, because that loads its queue service, SQL drivers and telemetry as well: 0.40 s
 * until it answers against 0.23 s. Its telemetry is set up by the command line only, so here it is never on.
 */
function defaultExport<T>(module: unknown): Constructor<T> {
  if (typeof module === 'object' && module !== null && 'default' in module) {
    if (typeof module.default === 'function') return module.default as Constructor<T>;
  }
  throw new Error('this version of Azurite is not laid out as expected');
}

const host = '127.0.0.1';
const anyPort = 0;
const keepAliveInSeconds = 60;

/** Azurite's parameters that follow the log switches, in its own order, all but the last at their defaults. */
function lastParameters(inMemory: boolean): unknown[] {
  const [loose, skipApiVersionCheck, noProductStyleUrls] = [false, true, false];
  return [loose, skipApiVersionCheck, '', '', '', undefined, noProductStyleUrls, inMemory];
}

/** @param folder where tables are kept; undefined keeps them in memory */
export function tableServer(folder: string | undefined, port = anyPort): AzuriteServer {
  const Configuration = defaultExport<unknown>(require('azurite/dist/src/table/TableConfiguration'));
  const Server = defaultExport<AzuriteServer>(require('azurite/dist/src/table/TableServer'));
  const database = join(folder ?? '', 'tables.json');
  const [debugLog, accessLog] = [false, false];
  const logs = [debugLog, accessLog, undefined, undefined];
  return new Server(
    new Configuration(
      host,
      port,
      keepAliveInSeconds,
      database,
      ...logs,
      ...lastParameters(folder === undefined),
    ),
  );
}

/** @param folder where blobs are kept; undefined keeps them in memory */
export function blobServer(folder: string | undefined, port = anyPort): AzuriteServer {
  const Configuration = defaultExport<unknown>(require('azurite/dist/src/blob/BlobConfiguration'));
  const Server = defaultExport<AzuriteServer>(require('azurite/dist/src/blob/BlobServer'));
  const databases = [join(folder ?? '', 'blobs.json'), join(folder ?? '', 'extents.json')];
  const content = [
    { locationId: 'Default', locationPath: join(folder ?? '', 'content'), maxConcurrency: 50 },
  ];
  const [debugLog, accessLog] = [false, false];
  const logs = [accessLog, undefined, debugLog, undefined];
  return new Server(
    new Configuration(
      ...[host, port, keepAliveInSeconds, ...databases, content],
      ...[...logs, ...lastParameters(folder === undefined)],
    ),
  );
}
