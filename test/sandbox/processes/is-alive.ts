import { existsSync, readFileSync } from 'node:fs';

/** Whether a process runs. On Linux one that has ended but was not yet collected counts as ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/stat`;
  return !(existsSync(status) && /\) Z /.test(readFileSync(status, 'utf8')));
}
