import { refusal } from './errors.ts';

/** One page of a list, with the token of the next one where there is more. */
export interface Page<Item> {
  items: Item[];
  next: { next_page_token?: string };
}

/** What a caller asks for, and whether the first page is to come empty, as services may send it. */
export interface PageRequest {
  size: number;
  token: string | undefined;
  emptyFirst?: boolean;
}

/** Cuts a page out of a list. Tokens are opaque to callers; a token that was not made here is refused. */
export function pageOf<Item>(
  all: readonly Item[],
  { size, token, emptyFirst = false }: PageRequest,
): Page<Item> {
  if (token === undefined && emptyFirst && all.length > 0)
    return { items: [], next: { next_page_token: tokenOf(0) } };
  const start = token === undefined ? 0 : offsetOf(token);
  const end = start + size;
  return { items: all.slice(start, end), next: end < all.length ? { next_page_token: tokenOf(end) } : {} };
}

function tokenOf(offset: number): string {
  return Buffer.from(`page:${offset}`).toString('base64url');
}

function offsetOf(token: string): number {
  const offset = /^page:(\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (offset === undefined) throw refusal('INVALID_PARAMETER_VALUE', 'The page token is not valid.');
  return Number(offset);
}
