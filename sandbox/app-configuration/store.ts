import { createHash } from 'node:crypto';
import type { Clock } from '../twin/clock.ts';
import { type Answer, json, Refusal } from '../twin/exchange.ts';
import type { KeyValue } from './contract.ts';

/** All that the store remembers; keys are key and label. */
export interface AppConfigurationState {
  settings: Map<string, KeyValue>;
  /** Counts writes; part of every ETag and of the sync token. */
  sequence: number;
}

/** What routes work with. */
export interface Store {
  state: AppConfigurationState;
  clock: Clock;
  replica: Replica;
}

/** A copy of the store that gets each write some time later, and answers reads that no token forbids it. */
export interface Replica {
  /** 0: it is never behind. */
  lagInMs: number;
  /** What it holds until then: the store before the last write. */
  settings: ReadonlyMap<string, KeyValue>;
  sequence: number;
  writtenAt: number;
}

/** Notes what the replica still holds. To be called before every change. */
function leaveBehind({ state, clock, replica }: Store): void {
  if (replica.lagInMs === 0) return;
  const now = clock.now();
  Object.assign(replica, { settings: new Map(state.settings), sequence: state.sequence, writtenAt: now });
}

/** What a read sees, and the token for it: older settings, where its own token does not say that it knows of newer ones. */
export function readable(
  { state, clock, replica }: Store,
  token: string | undefined,
): { settings: ReadonlyMap<string, KeyValue>; headers: Record<string, string> } {
  const isBehind = clock.now() - replica.writtenAt < replica.lagInMs;
  const known = Number(/(?:^|,)\s*slipway=(\d+)/.exec(token ?? '')?.[1] ?? 0);
  const { settings, sequence } = isBehind && known <= replica.sequence ? replica : state;
  return { settings, headers: syncToken(sequence) };
}

/** The header by which a later request says what it knows of. */
export function syncToken(sequence: number): Record<string, string> {
  return { 'sync-token': `slipway=${sequence};sn=${sequence}` };
}

/** Takes a setting away. */
export function remove(store: Store, { key, label }: Pick<KeyValue, 'key' | 'label'>): void {
  leaveBehind(store);
  store.state.sequence++;
  store.state.settings.delete(nameOf(key, label));
}

/** The store's name for a key with a label; keys compare with case. */
export function nameOf(key: string, label: string | null): string {
  return JSON.stringify([key, label]);
}

/** No label is null; a request may say so with nothing, with an empty text or with the character zero. */
export function labelOf(label: string | undefined): string | null {
  return label === undefined || label === '' || label === '\0' ? null : label;
}

/** Writes a setting with a new ETag and time. */
export function write(store: Store, setting: Omit<KeyValue, 'etag' | 'last_modified'>): KeyValue {
  const { state, clock } = store;
  leaveBehind(store);
  state.sequence++;
  const last_modified = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, '+00:00');
  const etag = createHash('sha256')
    .update(`${state.sequence}/${setting.key}`)
    .digest('base64url')
    .slice(0, 27);
  const written = { ...setting, etag, last_modified };
  state.settings.set(nameOf(setting.key, setting.label), written);
  return written;
}

/** Refuses a request whose `If-Match` or `If-None-Match` does not hold for the setting. */
export function requireMatch(headers: Readonly<Record<string, string>>, known: KeyValue | undefined): void {
  const wanted = unquoted(headers['if-match']);
  const unwanted = unquoted(headers['if-none-match']);
  const missing = wanted !== undefined && (!known || (wanted !== '*' && wanted !== known.etag));
  const present = unwanted !== undefined && known && (unwanted === '*' || unwanted === known.etag);
  if (missing || present)
    throw new Refusal(problem(412, 'Precondition failed', 'The condition of the request does not hold.'));
}

/** A locked setting is not changed. */
export function requireUnlocked(known: KeyValue | undefined): void {
  if (!known?.locked) return;
  const answer = problem(
    409,
    `Modifing key '${known.key}' is not allowed`,
    'The key is read-only. To allow modification unlock it first.',
  );
  throw new Refusal({ ...answer, json: { ...Object(answer.json), name: known.key } });
}

/** An ETag without its quotes. */
export function unquoted(header: string | undefined): string | undefined {
  return header?.replace(/^"|"$/g, '');
}

/** An error as the service words it. */
export function problem(status: number, title: string, detail: string): Answer {
  const type = `https://azconfig.io/errors/${title
    .toLowerCase()
    .replaceAll(' ', '-')
    .replace(/[^a-z-]/g, '')}`;
  return {
    ...json({ type, title, detail, status }, status),
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
  };
}

/** Whether a text fits a filter: texts separated by commas, each of which may end in `*`; `\` makes the next character plain. */
export function fitsFilter(text: string, filter: string | undefined): boolean {
  if (filter === undefined || filter === '*') return true;
  return filter.split(/(?<!\\),/).some((one) => {
    const plain = one.replace(/\\(.)/g, '$1');
    return /(?<!\\)\*$/.test(one) ? text.startsWith(plain.slice(0, -1)) : text === plain;
  });
}
