import Module from 'node:module';
import type { App, Handler, ProgrammingModel } from './app.ts';
import type { LogCategory, LogLevel, RegisteredFunction } from './core-types.ts';
import type { Hook } from './hooks.ts';
import { systemError } from './system-error.ts';

/** Versions of worker and host whose behaviour is mirrored here. */
const workerVersion = '3.10.1';
const hostVersion = '4.34.0';

/** `dispose()` undoes a registration; part of what `@azure/functions-core` offers. */
class Disposable {
  #callOnDispose: (() => unknown) | undefined;

  constructor(callOnDispose: () => unknown) {
    this.#callOnDispose = callOnDispose;
  }

  static from(...disposables: { dispose: () => unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): unknown {
    const call = this.#callOnDispose;
    this.#callOnDispose = undefined;
    return call?.();
  }
}

/** The module `@azure/functions-core`, which exists only inside a worker. */
function createCoreModule(app: App): object {
  return {
    version: workerVersion,
    hostVersion,
    Disposable,
    setProgrammingModel: (model: ProgrammingModel) => {
      app.model = model;
    },
    getProgrammingModel: () => app.model,
    log: (level: LogLevel, category: LogCategory, message: string) => app.log({ level, category, message }),
    registerHook: (name: string, hook: Hook) => new Disposable(app.hooks.add(name, hook)),
    registerFunction: (metadata: RegisteredFunction, handler: Handler) =>
      registerFunction(app, metadata, handler),
  };
}

function registerFunction(app: App, metadata: RegisteredFunction, handler: Handler): Disposable {
  const refuseWhenLocked = (verb: string) => {
    if (app.locked) throw systemError(new Error(`A function can only be ${verb} during app startup.`));
  };
  refuseWhenLocked('registered');
  const { name } = metadata;
  if (app.functions.has(name)) {
    throw systemError(new Error(`A function with id "${name}" has already been registered.`));
  }
  app.functions.set(name, { metadata, handler });
  return new Disposable(() => {
    refuseWhenLocked('disposed');
    app.functions.delete(name);
  });
}

/**
 * Makes `require('@azure/functions-core')` answer in this process. Must come before the app is loaded: the library
 * asks once and, without an answer, stays in its test mode for good. ES module apps reach it too, since the library
 * itself is CommonJS.
 */
export function provideCoreModule(app: App): void {
  const core = createCoreModule(app);
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (target, self, parameters) =>
      parameters[0] === '@azure/functions-core' ? core : Reflect.apply(target, self, parameters),
  });
}
