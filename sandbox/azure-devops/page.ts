import { type Answer, json } from '../twin/exchange.ts';
import { invalid } from './refusals.ts';

/** How a list is cut into pages. */
export interface Paging<Item> {
  keyOf(item: Item): string | number;
  top?: number | undefined;
  continuationToken?: string | undefined;
}

/** The most that one answer holds when the caller does not say. */
const DEFAULT_TOP = 1000;

/** A list in an answer. */
export function list(value: readonly unknown[]): Answer {
  return json({ count: value.length, value });
}

/**
 * One page of a list. While more follows, the header `x-ms-continuationtoken` has the token for it;
 * the token names the last item, so new items at the front do not shift the pages.
 */
export function page<Item>(
  items: readonly Item[],
  { keyOf, top = DEFAULT_TOP, continuationToken }: Paging<Item>,
  render: (item: Item) => unknown,
): Answer {
  const keys = items.map((item) => tokenOf(keyOf(item)));
  const start = continuationToken === undefined ? 0 : keys.indexOf(continuationToken) + 1;
  if (continuationToken !== undefined && start === 0) throw invalid('the continuation token is not valid');
  const answer = list(items.slice(start, start + top).map(render));
  const last = keys[start + top - 1];
  if (start + top >= items.length || last === undefined) return answer;
  return { ...answer, headers: { 'x-ms-continuationtoken': last } };
}

function tokenOf(key: string | number): string {
  return Buffer.from(String(key)).toString('base64url');
}
