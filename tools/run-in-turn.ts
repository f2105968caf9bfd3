import { spawn } from 'node:child_process';

/** One thing to do in turn. It says itself how it goes; `run` tells whether it went well. */
export interface Task {
  readonly name: string;
  run(): Promise<boolean>;
}

/** What became of a task. */
export interface TaskResult {
  readonly task: string;
  readonly result: 'ok' | 'failed';
  readonly took: string;
}

/** Does one task after the other, also after one has failed. */
export async function runInTurn(tasks: readonly Task[]): Promise<TaskResult[]> {
  const results: TaskResult[] = [];
  for (const { name, run } of tasks) {
    console.log(`\n--- ${name}`);
    const begunAt = Date.now();
    const ok = await run().catch((error: unknown) => {
      console.error(error);
      return false;
    });
    const took = `${((Date.now() - begunAt) / 1000).toFixed(0)} s`;
    results.push({ task: name, result: ok ? 'ok' : 'failed', took });
  }
  return results;
}

/**
 * A task that is a TypeScript program. It ends with this process.
 * @param file absolute path
 */
export function program(name: string, file: string, args: readonly string[] = []): Task {
  return {
    name,
    run: () =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: 'inherit' });
        const kill = () => void child.kill('SIGKILL');
        process.once('exit', kill);
        child.once('error', reject);
        child.once('exit', (code) => {
          process.off('exit', kill);
          resolve(code === 0);
        });
      }),
  };
}

/** Prints the results; the exit code is 1 when a task has failed. */
export function conclude(results: readonly TaskResult[]): void {
  console.log('');
  console.table(results);
  process.exitCode = results.every(({ result }) => result === 'ok') ? 0 : 1;
}
