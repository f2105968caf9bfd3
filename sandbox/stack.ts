import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobContentStore, openContainer } from '../shared/adapters/blob-content.ts';
import { openTable } from '../shared/adapters/table-client.ts';
import { TableStore } from '../shared/adapters/table-store.ts';
import names from '../shared/names.json';
import { bundleApp } from '../tools/build/bundle-app.ts';
import { writeApp } from '../tools/build/write-app.ts';
import { compileFunctionsHost, startFunctionsHostProcess } from './functions-host/start-process.ts';
import type { RunningProgram } from './processes/start-program.ts';
import { startProgram } from './processes/start-program.ts';
import type { QueueNames } from './service-bus-config.ts';
import { serviceBusConfig } from './service-bus-config.ts';
import type { Storage } from './storage/start.ts';
import { startStorage } from './storage/start.ts';

const ROOT = join(__dirname, '..');

type Settings = Readonly<Record<string, string>>;

export interface StackOptions {
  /** Keeps storage and queues after the end; without it everything is gone then. */
  readonly stateFolder?: string;
  /** Of the functions host; 0 takes a free one. */
  readonly port?: number;
  /** Settings of the app besides those of storage and queues; the functions host waits for them, the rest does not. */
  readonly settings?: Settings | Promise<Settings>;
  /** The file that imports every function of the app; the service's own by default. */
  readonly entryFile?: string;
  /** Those of the service by default. */
  readonly queues?: QueueNames;
  /** Lines of all programs, with the program's name. */
  readonly onLine?: (program: string, line: string) => void;
}

/** A program of the stack. Started again, it has the same address and, if it keeps any, the same state. */
export interface StackProgram {
  pid(): number;
  /** Ends it as its operator would. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Slipway and what it stands on, each in a process of its own, all on loopback. */
export interface Stack {
  /** Origin of the functions host. */
  readonly url: string;
  readonly storageConnectionString: string;
  /** Origin of the emulator's control server. */
  readonly serviceBusUrl: string;
  readonly serviceBusConnectionString: string;
  readonly storage: StackProgram;
  readonly serviceBus: StackProgram;
  readonly host: StackProgram;
  stop(): Promise<void>;
}

/**
 * Starts storage, the Service Bus emulator and the functions host with the built app.
 * @throws Error with the last lines of the program that does not come up
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = options.stateFolder ?? (await mkdtemp(join(tmpdir(), 'slipway-')));
  await mkdir(folder, { recursive: true });
  const [storage, bus, appFolder, given] = await Promise.all([
    startStorageWithStores(folder, options),
    startBus(folder, options),
    buildApp(folder, options.entryFile ?? join(ROOT, 'functions', 'main.ts')),
    options.settings,
    compileFunctionsHost(),
  ]);
  const connectionString = String(bus.ready.connectionString);
  const settings = { ...given, ServiceBus: connectionString, Storage: storage.connectionString };
  const parts = { appFolder, folder, settings };
  const host = await startHost({ ...parts, port: options.port ?? 0 }, options);
  const port = Number(host.ready.port);
  const programs = {
    storage: stackProgram(storage, () => startStorageIn(folder, options, storage)),
    serviceBus: stackProgram(bus, () => startBus(folder, options, bus.ready)),
    host: stackProgram(host, () => startHost({ ...parts, port }, options)),
  };
  return {
    url: `http://127.0.0.1:${port}`,
    storageConnectionString: storage.connectionString,
    serviceBusUrl: `http://127.0.0.1:${bus.ready.controlPort}`,
    serviceBusConnectionString: connectionString,
    ...programs,
    async stop() {
      await programs.host.stop();
      await Promise.all([programs.serviceBus.stop(), programs.storage.stop()]);
      if (options.stateFolder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

type Process = Pick<RunningProgram, 'pid'> & Record<'stop' | 'kill', () => Promise<unknown>>;

function stackProgram(first: Process, startAgain: () => Promise<Process>): StackProgram {
  let current = first;
  return {
    pid: () => current.pid,
    async stop() {
      await current.stop();
    },
    async kill() {
      await current.kill();
    },
    async start() {
      current = await startAgain();
    },
  };
}

function lines({ onLine }: StackOptions, program: string): { readonly onLine?: (line: string) => void } {
  return onLine === undefined ? {} : { onLine: (line) => onLine(program, line) };
}

/** @param last the storage that ran here before, whose ports are taken again. */
function startStorageIn(folder: string, options: StackOptions, last?: Storage): Promise<Storage> {
  const ports = last === undefined ? {} : { tablePort: last.tablePort, blobPort: last.blobPort };
  return startStorage({ folder: join(folder, 'storage'), ...ports, ...lines(options, 'storage') });
}

async function startStorageWithStores(folder: string, options: StackOptions): Promise<Storage> {
  const storage = await startStorageIn(folder, options);
  await createStores(storage);
  return storage;
}

/** @param last what the emulator that ran here before said when it was ready: its ports are taken again. */
async function startBus(
  folder: string,
  options: StackOptions,
  last: RunningProgram['ready'] = {},
): Promise<RunningProgram> {
  const config = join(folder, 'service-bus.json');
  await writeFile(config, JSON.stringify(serviceBusConfig(options.queues ?? names)));
  const ports = ['--port', String(last.port ?? 0), '--control-port', String(last.controlPort ?? 0)];
  return startProgram({
    name: 'service-bus',
    file: join(__dirname, 'service-bus', 'command.ts'),
    args: ['--config', config, '--journal', join(folder, 'service-bus'), ...ports],
    ...lines(options, 'service-bus'),
  });
}

/** The very folder that is deployed. */
async function buildApp(folder: string, entryFile: string): Promise<string> {
  const outFolder = join(folder, 'app');
  await writeApp(await bundleApp({ rootFolder: ROOT, entryFile, hasSourceMaps: false }), {
    rootFolder: ROOT,
    outFolder,
  });
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

function startHost(parts: HostParts, options: StackOptions): Promise<RunningProgram> {
  const { appFolder, folder, settings, port } = parts;
  return startFunctionsHostProcess({
    appFolder,
    port,
    settings: { ...settings, TZ: 'UTC' },
    stateFolder: join(folder, 'timers'),
    ...lines(options, 'functions-host'),
  });
}
