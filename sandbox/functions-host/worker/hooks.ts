import { systemError } from './system-error.ts';

const names = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof names)[number];
export type Hook = (context: unknown) => unknown;

/** The app's hooks. They run in the order of their registration. */
export class Hooks {
  readonly #registered = new Map<string, Hook[]>(names.map((name) => [name, []]));

  /** @throws RangeError of the system for a name the worker does not know; the library looks at exactly that */
  add(name: string, hook: Hook): () => void {
    const hooks = this.#registered.get(name);
    if (!hooks) throw systemError(new RangeError(`Unrecognized hook "${name}"`));
    hooks.push(hook);
    return () => {
      const index = hooks.indexOf(hook);
      if (index >= 0) hooks.splice(index, 1);
    };
  }

  /** One after the other; the first that throws ends it. */
  async run(name: HookName, context: unknown): Promise<void> {
    for (const hook of this.#registered.get(name) ?? []) await hook(context);
  }

  /** For `log` hooks, which must answer at once: what they give back is not waited for. */
  runAtOnce(name: HookName, context: unknown): void {
    for (const hook of this.#registered.get(name) ?? []) hook(context);
  }
}
