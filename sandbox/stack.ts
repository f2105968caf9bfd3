import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobContentStore, openContainer } from '../shared/adapters/blob-content.ts';
import { openTable } from '../shared/adapters/table-client.ts';
import { TableStore } from '../shared/adapters/table-store.ts';
import names from '../shared/names.json';
import { bundleApp } from '../tools/build/bundle-app.ts';
import { writeApp } from '../tools/build/write-app.ts';
import { startFunctionsHostProcess } from './functions-host/start-process.ts';
import type { RunningProgram } from './processes/start-program.ts';
import { startProgram } from './processes/start-program.ts';
import { serviceBusConfig } from './service-bus-config.ts';
import type { Storage } from './storage/start.ts';
import { startStorage } from './storage/start.ts';

const ROOT = join(__dirname, '..');

export interface StackOptions {
  /** Keeps storage and queues over restarts; without it everything is gone at the end. */
  readonly stateFolder?: string;
  /** Of the functions host; 0 takes a free one. */
  readonly port?: number;
  /** Settings of the app besides those of storage and queues. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of all programs, with the program's name. */
  readonly onLine?: (program: string, line: string) => void;
}

/** Slipway and what it stands on, each in a process of its own, all on loopback. */
export interface Stack {
  /** Origin of the functions host. */
  readonly url: string;
  readonly storage: Storage;
  readonly serviceBusUrl: string;
  readonly serviceBusConnectionString: string;
  /** The functions host's process, and what starts it again after it was killed. */
  host(): RunningProgram;
  startHost(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts storage, the Service Bus emulator and the functions host with the built app.
 * @throws Error with the last lines of the program that does not come up
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = options.stateFolder ?? (await mkdtemp(join(tmpdir(), 'slipway-')));
  await mkdir(folder, { recursive: true });
  const [storage, bus, appFolder] = await Promise.all([
    startStorage({ folder: join(folder, 'storage'), ...lines(options, 'storage') }),
    startBus(folder, options),
    buildApp(folder),
  ]);
  await createStores(storage);
  const connectionString = String(bus.ready.connectionString);
  const settings = { ...options.settings, ServiceBus: connectionString, Storage: storage.connectionString };
  let host = await startHostProgram({ appFolder, folder, settings, port: options.port ?? 0 }, options);
  const port = Number(host.ready.port);
  return {
    url: `http://127.0.0.1:${port}`,
    storage,
    serviceBusUrl: `http://127.0.0.1:${bus.ready.controlPort}`,
    serviceBusConnectionString: connectionString,
    host: () => host,
    async startHost() {
      host = await startHostProgram({ appFolder, folder, settings, port }, options);
    },
    async stop() {
      await host.stop();
      await Promise.all([bus.stop(), storage.stop()]);
      if (options.stateFolder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function lines({ onLine }: StackOptions, program: string): { readonly onLine?: (line: string) => void } {
  return onLine === undefined ? {} : { onLine: (line) => onLine(program, line) };
}

async function startBus(folder: string, options: StackOptions): Promise<RunningProgram> {
  const config = join(folder, 'service-bus.json');
  await writeFile(config, JSON.stringify(serviceBusConfig(names)));
  const journal = options.stateFolder === undefined ? [] : ['--journal', join(folder, 'service-bus')];
  return startProgram({
    name: 'service-bus',
    file: join(__dirname, 'service-bus', 'command.ts'),
    args: ['--config', config, '--port', '0', ...journal],
    ...lines(options, 'service-bus'),
  });
}

/** The very folder that is deployed. */
async function buildApp(folder: string): Promise<string> {
  const outFolder = join(folder, 'app');
  const options = { rootFolder: ROOT, entryFile: join(ROOT, 'functions', 'main.ts'), hasSourceMaps: false };
  await writeApp(await bundleApp(options), { rootFolder: ROOT, outFolder });
  return outFolder;
}

/** What the Bicep modules do in Azure. */
async function createStores(storage: Storage): Promise<void> {
  const content = new BlobContentStore(openContainer(storage, names.containers.content));
  await Promise.all([
    new TableStore({ client: openTable(storage, names.table), content }).createTable(),
    content.createContainer(),
  ]);
}

interface HostParts {
  readonly appFolder: string;
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly port: number;
}

function startHostProgram(
  { appFolder, folder, settings, port }: HostParts,
  options: StackOptions,
): Promise<RunningProgram> {
  return startFunctionsHostProcess({
    appFolder,
    port,
    settings: { ...settings, TZ: 'UTC' },
    stateFolder: join(folder, 'timers'),
    ...lines(options, 'functions-host'),
  });
}
