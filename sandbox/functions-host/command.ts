import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAsProgram, type Service } from '../processes/run-as-program.ts';
import { readUsers } from './http/easy-auth.ts';
import { readKeys } from './http/keys.ts';
import { readLocalSettings } from './local-settings.ts';
import { type FunctionsHostOptions, startFunctionsHost } from './start.ts';

/** The port of Core Tools. */
const defaultPort = 7071;

const usage = `command.ts --app DIR [--port N] [--settings FILE] [--keys FILE] [--users FILE] [--state DIR] [--watch]
  --app       the deployable folder
  --port      0 for a free one; default: Host.LocalHttpPort of the settings, else ${defaultPort}
  --settings  a local.settings.json; default: the one in the deployable folder, if there is one
  --keys      JSON {"master": …, "host": {…}, "functions": {…}}; without it keys are not asked for
  --users     JSON {"users": {…}, "signedIn": …}; without it App Service authentication is off
  --state     where timers are remembered
  --watch     load the app anew when its files change`;

async function start(): Promise<Service> {
  const options = readOptions();
  const host = await startFunctionsHost(options);
  return {
    ready: { port: host.port, functions: host.functions, errors: host.errors() },
    stop: host.stop,
  };
}

function readOptions(): FunctionsHostOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ app: text, port: text, settings: text, keys: text, users: text, state: text, worker: text },
      watch: { type: 'boolean' },
    },
  });
  if (values.app === undefined) throw new Error(`--app is missing\n${usage}`);
  const local = readSettings(values.app, values.settings);
  return {
    appFolder: values.app,
    port: values.port === undefined ? (local?.port ?? defaultPort) : Number(values.port),
    settings: local?.settings ?? {},
    isWatching: values.watch === true,
    ...(values.keys === undefined ? {} : { keys: readKeys(readJson(values.keys)) }),
    ...(values.users === undefined ? {} : { users: readUsers(readJson(values.users)) }),
    ...(values.state === undefined ? {} : { stateFolder: values.state }),
    ...(values.worker === undefined ? {} : { workerFile: values.worker }),
  };
}

function readSettings(
  appFolder: string,
  file: string | undefined,
): ReturnType<typeof readLocalSettings> | undefined {
  const own = join(appFolder, 'local.settings.json');
  const chosen = file ?? (existsSync(own) ? own : undefined);
  return chosen === undefined ? undefined : readLocalSettings(chosen, process.env);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

runAsProgram(start);
