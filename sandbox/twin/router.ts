import type { z } from 'zod';
import type { TwinRequest } from './exchange.ts';
import type { Match, Route } from './route.ts';

interface Entry {
  route: Route;
  pattern: RegExp;
  names: string[];
  /** Query fields that the operation cannot do without. */
  needs: string[];
}

/**
 * Finds the route of a request; of several that fit, the one whose template has the fewest parameters.
 * Where operations share a path, the query decides: an operation whose needed fields are there wins.
 */
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
    .sort((a, b) => a.names.length - b.names.length || b.needs.length - a.needs.length);
  return {
    find: (request) => {
      const url = urlOf(request);
      const fitting = entries.filter(
        ({ route, pattern }) => route.operation.method === request.method && pattern.test(url.pathname),
      );
      const sharing = fitting.filter(({ pattern }) => pattern.source === fitting[0]?.pattern.source);
      const entry = sharing.find(({ needs }) => needs.every((name) => url.searchParams.has(name)));
      return matchOf(entry ?? sharing.at(-1), request, url);
    },
  };
}

function matchOf(entry: Entry | undefined, request: TwinRequest, url: URL) {
  const found = entry?.pattern.exec(url.pathname);
  if (!entry || !found) return undefined;
  return { route: entry.route, match: { request, url, params: paramsOf(entry, found) } };
}

/** The absolute URL of a request; a path alone gets a host that does not exist. */
export function urlOf(request: TwinRequest): URL {
  return new URL(request.url, 'http://twin.invalid');
}

/** `{name}` is one segment, `{+name}` is everything that follows; a slash at the end and a `?` with its fields do not count. */
function toEntry(route: Route, options: RouterOptions): Entry {
  const names: string[] = [];
  const source = route.operation.path
    .replace(/\?.*$/, '')
    .replace(/[.*+?^$()|[\]\\]/g, (character) => (character === '+' ? '+' : '\\' + character))
    .replace(/\{(\+?)([\w-]+)\}/g, (_whole, rest: string, name: string) => {
      names.push(name);
      return rest ? '(.+?)' : '([^/]+)';
    });
  return {
    route,
    names,
    needs: neededFields(route.operation.query),
    pattern: new RegExp(`^${source}/?$`, options.ignorePathCase ? 'i' : ''),
  };
}

function neededFields(query: z.ZodObject): string[] {
  return Object.keys(query.shape).filter((name) => !query.shape[name]?.safeParse(undefined).success);
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
