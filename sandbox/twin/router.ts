import type { TwinRequest } from './exchange.ts';
import type { Match, Route } from './route.ts';

interface Entry {
  route: Route;
  pattern: RegExp;
  names: string[];
}

/** Finds the route of a request; of several that fit, the one whose template has the fewest parameters. */
export interface Router {
  find(request: TwinRequest): { route: Route; match: Match } | undefined;
}

/** How paths are compared; Azure's own services ignore case. */
export interface RouterOptions {
  ignorePathCase: boolean;
}

export function createRouter(routes: readonly Route[], options: RouterOptions): Router {
  const entries = routes
    .map((route) => toEntry(route, options))
    .sort((a, b) => a.names.length - b.names.length);
  return {
    find: (request) => {
      const url = urlOf(request);
      for (const entry of entries) {
        if (entry.route.operation.method !== request.method) continue;
        const found = entry.pattern.exec(url.pathname);
        if (found) return { route: entry.route, match: { request, url, params: paramsOf(entry, found) } };
      }
      return undefined;
    },
  };
}

/** The absolute URL of a request; a path alone gets a host that does not exist. */
export function urlOf(request: TwinRequest): URL {
  return new URL(request.url, 'http://twin.invalid');
}

/** `{name}` is one segment, `{+name}` is everything that follows; a slash at the end does not count. */
function toEntry(route: Route, options: RouterOptions): Entry {
  const names: string[] = [];
  const source = route.operation.path
    .replace(/[.*+?^$()|[\]\\]/g, (character) => (character === '+' ? '+' : '\\' + character))
    .replace(/\{(\+?)([\w-]+)\}/g, (_whole, rest: string, name: string) => {
      names.push(name);
      return rest ? '(.+?)' : '([^/]+)';
    });
  return { route, names, pattern: new RegExp(`^${source}/?$`, options.ignorePathCase ? 'i' : '') };
}

function paramsOf(entry: Entry, found: RegExpExecArray): Record<string, string> {
  return Object.fromEntries(entry.names.map((name, index) => [name, decodeSegment(found[index + 1] ?? '')]));
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
