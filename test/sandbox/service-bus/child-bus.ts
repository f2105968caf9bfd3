import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const command = join(__dirname, '../../../sandbox/service-bus/command.ts');

/** A folder for one test, with the config in it. */
export function temporaryFolder(config: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'service-bus-'));
  const configFile = join(folder, 'Config.json');
  writeFileSync(configFile, `// for a test\n${JSON.stringify(config)}`);
  return { folder, configFile, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface ChildBus {
  readonly process: ChildProcess;
  readonly ready: { port: number; controlPort: number; connectionString: string };
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the real command as a process of its own and waits until it listens. */
export async function startCommand(args: readonly string[]): Promise<ChildBus> {
  const child = spawn(process.execPath, ['--import', 'tsx', command, '--port', '0', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    exited.then((code) => Promise.reject(new Error(`ended with ${code}: ${errors}`))),
  ]);
  return {
    process: child,
    ready: JSON.parse(line),
    exited,
    kill(signal) {
      child.kill(signal);
      return exited;
    },
  };
}
