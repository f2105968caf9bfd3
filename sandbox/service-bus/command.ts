import { fstatSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfigText } from './config.ts';
import { startServiceBus } from './start.ts';

const usage =
  'usage: command.ts --config FILE [--port N] [--control-port N] [--journal FOLDER] [--host ADDRESS] [--key VALUE]';

/** Runs the emulator as a process of its own until it is told to stop or its parent goes away. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      port: { type: 'string', default: '5672' },
      host: { type: 'string', default: '127.0.0.1' },
      'control-port': { type: 'string', default: '0' },
      journal: { type: 'string' },
      key: { type: 'string' },
    },
  });
  if (values.config === undefined) throw new Error(usage);
  const running = await startServiceBus({
    config: parseConfigText(readFileSync(values.config, 'utf8')),
    port: Number(values.port),
    controlPort: Number(values['control-port']),
    host: values.host,
    ...(values.journal === undefined ? {} : { journalFolder: values.journal }),
    ...(values.key === undefined ? {} : { key: values.key }),
  });
  const { port, controlPort, connectionString } = running;
  const stop = (): void => {
    running.stop().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
  if (isPipe(process.stdin.fd)) process.stdin.once('end', stop).resume();
  process.stdout.write(`${JSON.stringify({ ready: true, port, controlPort, connectionString })}\n`);
}

// Only a pipe ends because somebody went away; /dev/null, as a service has it, is at its end from the start.
function isPipe(file: number): boolean {
  const status = fstatSync(file);
  return status.isFIFO() || status.isSocket();
}

main().catch((error: unknown) => {
  process.stderr.write(`service-bus: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
