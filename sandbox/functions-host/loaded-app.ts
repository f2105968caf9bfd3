import { type FunctionDefinition, readFunction } from './function-definition.ts';
import { buildRouter, type HttpFunction, type Router } from './http/routes.ts';
import type { RegisteredFunction } from './worker/core-types.ts';

/** What is hosted of an app: the functions that passed, and why others did not. */
export interface LoadedApp {
  functions: FunctionDefinition[];
  router: Router;
  /** One line for each function that is refused. */
  errors: string[];
}

/** A function that is refused leaves the others running, as in the real host. */
export function readApp(
  registered: RegisteredFunction[],
  settings: Record<string, string | undefined>,
  routePrefix: string,
): LoadedApp {
  const errors = new Map<string, string>();
  const definitions = registered.flatMap((one) => {
    try {
      return [readFunction(one, settings)];
    } catch (error) {
      errors.set(one.name, error instanceof Error ? error.message : String(error));
      return [];
    }
  });
  const { router, errors: routeErrors } = buildRouter(definitions.flatMap(asHttpFunction), routePrefix);
  return {
    functions: definitions.filter(({ name }) => !routeErrors.has(name)),
    router,
    errors: [...errors, ...routeErrors].map(([name, why]) => `The '${name}' function is in error: ${why}`),
  };
}

function asHttpFunction(definition: FunctionDefinition): HttpFunction[] {
  return definition.trigger.type === 'http' ? [{ definition, trigger: definition.trigger }] : [];
}
