import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { App } from './app.ts';
import { withHookData } from './hook-context.ts';

/** What the real worker says it can do; the programming model may add to it. */
const capabilities = {
  RawHttpBodyBytes: 'true',
  RpcHttpTriggerMetadataRemoved: 'true',
  RpcHttpBodyOnly: 'true',
  IgnoreEmptyValuedRpcHttpHeaders: 'true',
  UseNullableValueDictionaryForHttp: 'true',
  WorkerStatus: 'true',
  TypedDataCollection: 'true',
  HandlesWorkerTerminateMessage: 'true',
};

/**
 * Loads the app's main file and takes it through the worker's sequence: load, appStart hooks, capabilities, lock.
 *
 * @param appFolder absolute path of the folder with package.json
 * @throws Error "Worker was unable to load entry point …", or what an appStart hook throws
 */
export async function loadApp(app: App, appFolder: string): Promise<void> {
  const { main, isModule } = readPackage(appFolder);
  try {
    await loadFile(join(appFolder, main), isModule);
  } catch (error) {
    throw new Error(`Worker was unable to load entry point "${main}": ${messageOf(error)}`, { cause: error });
  }
  const context = withHookData(app.appLevelHookData, app.appHookData, { functionAppDirectory: appFolder });
  await app.hooks.run('appStart', context);
  const offered = (await app.model?.getCapabilities?.({ ...capabilities })) ?? {};
  // The library would wait for requests on a proxy of its own, which the real host feeds. Nothing here does.
  if ('HttpUri' in offered)
    throw new Error('HTTP streams (enableHttpStream) are not supported by this host.');
  app.locked = true;
}

function readPackage(appFolder: string): { main: string; isModule: boolean } {
  const text = readFileSync(join(appFolder, 'package.json'), 'utf8');
  const content: unknown = JSON.parse(text);
  if (
    typeof content !== 'object' ||
    content === null ||
    !('main' in content) ||
    typeof content.main !== 'string'
  ) {
    throw new Error(`The package.json of the app in ${appFolder} names no "main" file.`);
  }
  return { main: content.main, isModule: 'type' in content && content.type === 'module' };
}

async function loadFile(file: string, isModule: boolean): Promise<void> {
  if (!existsSync(file)) throw new Error('File does not exist.');
  if (file.endsWith('.mjs') || (isModule && !file.endsWith('.cjs'))) await import(pathToFileURL(file).href);
  else require(file);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
