import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A process and everything that it started, as the operating system has it. */
export async function processesOf(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const [child, parent] of await processTable()) {
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const below = (parent: number): number[] => [parent, ...(children.get(parent) ?? []).flatMap(below)];
  return below(pid);
}

/** Those of the processes that still run. */
export async function whichRun(pids: readonly number[]): Promise<number[]> {
  const running = new Set((await processTable()).map(([pid]) => pid));
  return pids.filter((pid) => running.has(pid));
}

/** Pairs of process and parent; processes that have ended and only wait to be noticed are left out. */
async function processTable(): Promise<[number, number][]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, , state]) => pid !== '' && state?.startsWith('Z') === false)
    .map(([pid, parent]) => [Number(pid), Number(parent)]);
}
