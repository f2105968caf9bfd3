import type { FunctionDefinition, HttpTrigger } from '../function-definition.ts';
import { compareTemplates, parseRouteTemplate, type RouteTemplate } from './route-template.ts';

/** A function that answers HTTP requests. */
export interface HttpFunction {
  definition: FunctionDefinition;
  trigger: HttpTrigger;
}

export interface RouteMatch extends HttpFunction {
  /** Values of the route's parameters. */
  params: Record<string, string>;
}

/** Finds the function of a request. A path that fits with a method that does not is nobody's: 404, as in the host. */
export type Router = (method: string, path: string) => RouteMatch | undefined;

interface Route extends HttpFunction {
  template: RouteTemplate;
}

/**
 * @param routePrefix of host.json, '' for none
 * @returns the router, and by function name why a function got no route
 */
export function buildRouter(
  functions: HttpFunction[],
  routePrefix: string,
): { router: Router; errors: Map<string, string> } {
  const errors = new Map<string, string>();
  const routes: Route[] = [];
  for (const one of functions) {
    try {
      const text = routePrefix === '' ? one.trigger.route : `${routePrefix}/${one.trigger.route}`;
      routes.push(withoutConflict({ ...one, template: parseRouteTemplate(text) }, routes));
    } catch (error) {
      errors.set(one.definition.name, error instanceof Error ? error.message : String(error));
    }
  }
  routes.sort((first, second) => compareTemplates(first.template, second.template));
  return { router: (method, path) => find(routes, method, path), errors };
}

function withoutConflict(route: Route, others: Route[]): Route {
  const sameRoute = others.filter(
    ({ template }) => template.text.toLowerCase() === route.template.text.toLowerCase(),
  );
  const other = sameRoute.find(({ trigger }) => haveMethodInCommon(trigger.methods, route.trigger.methods));
  if (other) {
    throw new Error(
      `The route specified conflicts with the route defined by function '${other.definition.name}'.`,
    );
  }
  return route;
}

/** No methods named means every method. */
function haveMethodInCommon(first: string[], second: string[]): boolean {
  return first.length === 0 || second.length === 0 || first.some((method) => second.includes(method));
}

function find(routes: Route[], method: string, path: string): RouteMatch | undefined {
  for (const { definition, trigger, template } of routes) {
    if (trigger.methods.length > 0 && !trigger.methods.includes(method)) continue;
    const params = template.match(path);
    if (params) return { definition, trigger, params };
  }
  return undefined;
}
