import { type Answer, empty, json, Refusal } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import type { KeyValue } from './contract.ts';
import * as table from './contract.ts';
import {
  fitsFilter,
  labelOf,
  nameOf,
  problem,
  readable,
  remove,
  requireMatch,
  requireUnlocked,
  type Store,
  unquoted,
  write,
} from './store.ts';

const PAGE_SIZE = 100;

/** Reading, writing, listing and locking settings. */
export function settingRoutes(store: Store): Route[] {
  const find = (key: string, label: string | undefined) =>
    store.state.settings.get(nameOf(key, labelOf(label)));
  return [
    ...readingRoutes(store),
    route(table.putKeyValue, ({ request, query, body, param }) => {
      const known = find(param('key'), query.label);
      requireMatch(request.headers, known);
      requireUnlocked(known);
      const { value = null, content_type = null, tags = {} } = body;
      const label = labelOf(query.label);
      return found(write(store, { key: param('key'), label, content_type, value, tags, locked: false }));
    }),
    route(table.deleteKeyValue, ({ request, query, param }) => {
      const known = find(param('key'), query.label);
      requireMatch(request.headers, known);
      requireUnlocked(known);
      if (!known) return empty(204);
      remove(store, known);
      return found(known);
    }),
    ...[table.putLock, table.deleteLock].map((operation) =>
      route(operation, ({ request, query, param }) => {
        const known = existing(find(param('key'), query.label));
        requireMatch(request.headers, known);
        return found(write(store, { ...known, locked: operation === table.putLock }));
      }),
    ),
  ];
}

function readingRoutes(store: Store): Route[] {
  return [
    route(table.getKeyValue, ({ request, query, param }) => {
      const { settings, headers } = readable(store, request.headers['sync-token']);
      const known = existing(settings.get(nameOf(param('key'), labelOf(query.label))), headers);
      if (unquoted(request.headers['if-none-match']) === known.etag) return empty(304);
      requireMatch(request.headers, known);
      return found(known, headers);
    }),
    route(table.listKeyValues, ({ request, url, query }) => {
      const { settings, headers } = readable(store, request.headers['sync-token']);
      const list = listOf([...settings.values()], { url, query });
      return { ...list, headers: { ...list.headers, ...headers } };
    }),
  ];
}

function existing(setting: KeyValue | undefined, more: Record<string, string> = {}): KeyValue {
  if (setting) return setting;
  const answer = problem(404, 'Key not found', 'There is no such key with this label.');
  throw new Refusal({ ...answer, headers: { ...answer.headers, ...more } });
}

function found(setting: KeyValue, more: Record<string, string> = {}): Answer {
  const headers = {
    ...more,
    'content-type': 'application/vnd.microsoft.appconfig.kv+json; charset=utf-8',
    etag: `"${setting.etag}"`,
    'last-modified': new Date(setting.last_modified).toUTCString(),
  };
  return { ...json(setting), headers };
}

interface ListRequest {
  url: URL;
  query: { key?: string | undefined; label?: string | undefined; after?: string | undefined };
}

/** A page in the order of keys and labels; `after` names the last setting of the page before. */
function listOf(settings: readonly KeyValue[], { url, query }: ListRequest): Answer {
  const after = query.after === undefined ? '' : Buffer.from(query.after, 'base64url').toString();
  const fitting = settings
    .filter(({ key, label }) => fitsFilter(key, query.key) && fitsFilter(label ?? '\0', query.label))
    .map((setting) => ({ setting, name: nameOf(setting.key, setting.label) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter(({ name }) => name > after);
  const page = fitting.slice(0, PAGE_SIZE);
  const items = page.map(({ setting }) => setting);
  const headers = { 'content-type': 'application/vnd.microsoft.appconfig.kvset+json; charset=utf-8' };
  if (fitting.length <= PAGE_SIZE) return { ...json({ items }), headers };
  const next = new URL(url);
  next.searchParams.set('after', Buffer.from(page.at(-1)?.name ?? '').toString('base64url'));
  return { ...json({ items, '@nextLink': `${next.pathname}${next.search}` }), headers };
}
