import { fstatSync } from 'node:fs';

/** What a program does once it is up: the facts for its starter, and how to end. */
export interface Service {
  /** Goes into the ready line, e.g. ports and connection strings. */
  ready: Record<string, unknown>;
  stop(): Promise<void>;
}

const stopDeadlineInMs = 30_000;

/**
 * Runs a sandbox program: starts the service, prints one JSON line `{"ready":true,…}` on standard output, and ends
 * on SIGTERM, on SIGINT, or when the process that started it is gone.
 *
 * A starter that dies, even by SIGKILL, closes its end of the child's standard input. So a standard input that is a
 * pipe and ends means: nobody is left who could stop this program. A terminal or /dev/null means nothing.
 */
export function runAsProgram(start: () => Promise<Service>): void {
  start().then(serve, (error: unknown) => {
    process.stderr.write(`${describe(error)}\n`);
    process.exit(1);
  });
}

function serve(service: Service): void {
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), stopDeadlineInMs).unref();
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${describe(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  endWithParent(end);
  process.stdout.write(`${JSON.stringify({ ready: true, ...service.ready })}\n`);
}

function endWithParent(end: () => void): void {
  if (!standardInputIsPipe()) return;
  // A parent that is gone cannot read what is written to it either.
  process.stdout.on('error', end);
  process.stderr.on('error', end);
  process.stdin.on('error', end).on('end', end).resume();
}

function standardInputIsPipe(): boolean {
  try {
    const input = fstatSync(0);
    return input.isFIFO() || input.isSocket();
  } catch {
    return false; // closed by whoever started this program
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
