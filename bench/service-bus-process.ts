import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ProcessUsage {
  readonly cpuTimeInMs: number;
  readonly heapUsedInBytes: number;
  readonly residentInBytes: number;
  readonly connections: number;
  readonly links: number;
}

export interface ServiceBusProcess {
  readonly connectionString: string;
  /** Of the emulator's process, after a garbage collection. */
  usage(): Promise<ProcessUsage>;
  stop(): Promise<void>;
}

const command = join(__dirname, '../sandbox/service-bus/command.ts');

/** Starts the emulator in a process of its own, with plain queues of these names. */
export async function startServiceBusProcess(
  queueNames: readonly string[],
  options: { journal?: boolean } = {},
): Promise<ServiceBusProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'service-bus-bench-'));
  const Queues = queueNames.map((Name) => ({
    Name,
    Properties: { MaxDeliveryCount: 10, LockDuration: 'PT5M' },
  }));
  const config = {
    UserConfig: { Namespaces: [{ Name: 'sbemulatorns', Queues }], Logging: { Type: 'Console' } },
  };
  const configFile = join(folder, 'Config.json');
  writeFileSync(configFile, JSON.stringify(config));
  const journal = options.journal ? ['--journal', folder] : [];
  const args = ['--expose-gc', '--import', 'tsx', command, '--port', '0', '--config', configFile, ...journal];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    exited.then(() => Promise.reject(new Error('the emulator ended before it was ready'))),
  ]);
  const ready = JSON.parse(line) as { controlPort: number; connectionString: string };
  return {
    connectionString: ready.connectionString,
    async usage() {
      const response = await fetch(`http://127.0.0.1:${ready.controlPort}/process`);
      return (await response.json()) as ProcessUsage;
    },
    async stop() {
      child.stdin.end();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
