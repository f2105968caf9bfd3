import { Worker } from 'node:worker_threads';
import { createApp } from './app.ts';
import { provideCoreModule } from './core-module.ts';
import { withHookData } from './hook-context.ts';
import { invoke } from './invoke.ts';
import { loadApp } from './load-app.ts';
import { type HostMessage, isMessage, toRemoteError, type WorkerMessage } from './messages.ts';

/**
 * The worker: the process in which the app runs. It is a process of its own so that the host can kill an invocation
 * that outlives `functionTimeout`, also one that blocks the event loop, exactly as the real host does.
 */
const app = createApp((line) => tell({ type: 'log', ...line }));

function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

async function load(appFolder: string): Promise<void> {
  process.chdir(appFolder);
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  try {
    await loadApp(app, appFolder);
    const functions = [...app.functions.values()].map(({ metadata }) => metadata);
    const { user, system } = process.cpuUsage(cpuBefore);
    const loadInMs = performance.now() - start;
    tell({ type: 'loaded', functions, loadInMs, loadCpuInMs: (user + system) / 1000 });
  } catch (error) {
    tell({ type: 'load-failed', error: toRemoteError(error) });
  }
}

async function answer(message: HostMessage & { type: 'invoke' }): Promise<void> {
  const { invocationId } = message;
  try {
    tell({ type: 'invoked', invocationId, response: await invoke(app, message) });
  } catch (error) {
    tell({ type: 'invocation-failed', invocationId, error: toRemoteError(error) });
  }
}

async function terminate(): Promise<void> {
  try {
    await app.hooks.run('appTerminate', withHookData(app.appLevelHookData, app.appHookData, {}));
  } finally {
    process.exit(0);
  }
}

/** A handler that blocks the event loop would never hear that the host is gone. This thread does. */
function watchHost(): void {
  const source = `const host = process.ppid;
    setInterval(() => process.ppid === host || process.kill(process.pid, 'SIGKILL'), 500);`;
  new Worker(source, { eval: true }).unref();
}

provideCoreModule(app);
process.on('disconnect', () => process.exit(1));
process.on('message', (message) => {
  if (!isMessage(message)) return;
  if (message.type === 'load') load(message.appFolder).then(watchHost);
  else if (message.type === 'invoke') answer(message);
  else if (message.type === 'terminate') terminate();
});
process.on('uncaughtException', (error) => {
  process.stderr.write(`Worker uncaught exception: ${error.stack ?? error.message}\n`);
  process.exit(1);
});
