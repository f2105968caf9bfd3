import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startWorkerProcess } from '../sandbox/functions-host/worker-process.ts';
import { compileProgram } from '../sandbox/processes/compile-program.ts';
import { bundleApp } from '../tools/build/bundle-app.ts';
import { writeApp } from '../tools/build/write-app.ts';

/** Medians over all rounds. Ratios compare the built app with an app of one HTTP function, in the same rounds. */
export interface ColdStartReport {
  rounds: number;
  functions: number;
  mainFileSizeInBytes: number;
  helloLoadInMs: number;
  helloCpuInMs: number;
  appLoadInMs: number;
  appCpuInMs: number;
  loadRatio: number;
  cpuRatio: number;
}

const rootFolder = join(__dirname, '..');

const helloSource = `const { app } = require('@azure/functions');
app.http('hello', { methods: ['GET'], authLevel: 'anonymous', handler: async () => ({ body: 'hello' }) });
`;

/**
 * Measures how long a warm worker takes to load the app, as the Functions worker does on a cold start. Both apps are
 * loaded in turns, each time in a new process; the first round is dropped.
 *
 * @param rounds default 9
 */
export async function benchColdStart(rounds = 9): Promise<ColdStartReport> {
  const workerFile = await compileProgram(join(rootFolder, 'sandbox/functions-host/worker/program.ts'));
  const folder = join(rootFolder, '.slipway', 'bench');
  const hello = writeHello(join(folder, 'hello'));
  const app = join(folder, 'app');
  const entryFile = join(rootFolder, 'functions', 'main.ts');
  const bundle = await bundleApp({ rootFolder, entryFile, hasSourceMaps: false });
  await writeApp(bundle, { rootFolder, outFolder: app });
  const runs: { hello: Load; app: Load }[] = [];
  for (let round = 0; round <= rounds; round++) {
    runs.push({ hello: await load(hello, workerFile), app: await load(app, workerFile) });
  }
  const mainFileSizeInBytes = Buffer.byteLength(bundle.files.get('main.js') ?? '');
  return report(runs.slice(1), mainFileSizeInBytes);
}

/** The library comes from node_modules and is not bundled: the smallest app there is. */
function writeHello(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'hello', main: 'main.js' }));
  writeFileSync(join(folder, 'main.js'), helloSource);
  return folder;
}

interface Load {
  loadInMs: number;
  loadCpuInMs: number;
  functions: number;
}

async function load(appFolder: string, file: string): Promise<Load> {
  const worker = await startWorkerProcess({ file, appFolder, env: process.env, log: () => {} });
  await worker.kill();
  return { ...worker, functions: worker.functions.length };
}

function report(runs: { hello: Load; app: Load }[], mainFileSizeInBytes: number): ColdStartReport {
  const helloLoadInMs = median(runs.map(({ hello }) => hello.loadInMs));
  const helloCpuInMs = median(runs.map(({ hello }) => hello.loadCpuInMs));
  const appLoadInMs = median(runs.map(({ app }) => app.loadInMs));
  const appCpuInMs = median(runs.map(({ app }) => app.loadCpuInMs));
  return {
    rounds: runs.length,
    functions: runs[0]?.app.functions ?? 0,
    mainFileSizeInBytes,
    helloLoadInMs: rounded(helloLoadInMs),
    helloCpuInMs: rounded(helloCpuInMs),
    appLoadInMs: rounded(appLoadInMs),
    appCpuInMs: rounded(appCpuInMs),
    loadRatio: rounded(appLoadInMs / helloLoadInMs),
    cpuRatio: rounded(appCpuInMs / helloCpuInMs),
  };
}

function median(values: number[]): number {
  const sorted = [...values].sort((first, second) => first - second);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

if (require.main === module) {
  benchColdStart().then(
    (result) => console.log(JSON.stringify(result, null, 2)),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
