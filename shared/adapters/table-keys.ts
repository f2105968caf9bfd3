import { UnreadableInput } from '../errors.ts';
import type { Instant } from '../release/model.ts';

/**
 * Row keys of a project's partition. `|` parts them, and `}` is the character after it, so that everything under a
 * prefix lies between `prefix|` and `prefix}`.
 *
 * What is still to be sent is called `effect|…`, not `outbox|…`, because no other row then lies between it and
 * `environment|…`: one range query reads both.
 */

/** Keys with an exclusive end. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** Azure's limit for a key is 1 KiB, two bytes a character; this leaves room for what stands around a name. */
const LONGEST_NAME = 400;

/** The last instant that JavaScript knows; 16 digits. */
const LAST_INSTANT = 8_640_000_000_000_000;

/** The partition of registered projects; no project's own, since an encoded name has no `|`. */
export const PROJECTS_PARTITION = '|projects';

/**
 * A name as part of a key. Letters, digits, `.`, `_` and `-` stay, so plain names keep their order; everything else,
 * which Azure may not take in keys (`/ \ # ?`, control characters), becomes `=` and its UTF-16 code in four digits.
 * @throws UnreadableInput when the name is empty or too long for a key.
 */
export function encodeName(name: string): string {
  const encoded = name.replace(/[^\w.-]/g, (unit) => {
    return `=${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
  if (encoded === '') throw new UnreadableInput('an empty name cannot be a key');
  if (encoded.length <= LONGEST_NAME) return encoded;
  throw new UnreadableInput(`the name ${name.slice(0, 60)}… is too long for a key`);
}

export function runKey(id: string): string {
  return `run|${encodeName(id)}`;
}

export function environmentKey(name: string): string {
  return `environment|${encodeName(name)}`;
}

/** One transition's line of the audit log. */
export function eventKey(subject: string, version: number): string {
  return `event|${encodeName(subject)}|${padded(version, 8)}`;
}

/** An effect that may not have been sent yet. */
export function effectKey(subject: string, version: number, index: number): string {
  return `effect|${encodeName(subject)}|${padded(version, 8)}.${padded(index, 3)}`;
}

/** The row of an outbox row's id. @throws UnreadableInput when it is no such id. */
export function effectKeyOf(id: string): string {
  const [, subject, version, index] = /^(.+)\.(\d+)\.(\d+)$/s.exec(id) ?? [];
  if (subject === undefined) throw new UnreadableInput(`"${id}" is no id of an outbox row`);
  return effectKey(subject, Number(version), Number(index));
}

/** Newest first in the order of keys. */
export function listKey(createdAt: Instant, id: string): string {
  return `list|${newestFirst(createdAt)}|${encodeName(id)}`;
}

/** There while the run is under way. */
export function activeKey(id: string): string {
  return `active|${encodeName(id)}`;
}

/** Newest first in the order of keys. */
export function deliveryKey(at: Instant, id: string): string {
  return `delivery|${newestFirst(at)}|${encodeName(id)}`;
}

/** All keys under a prefix such as `event` or `event|ENCODED-NAME`. */
export function under(prefix: string): KeyRange {
  return { from: `${prefix}|`, to: `${prefix}}` };
}

/** The effects of all subjects and the environments, which lie side by side. */
export const EFFECTS_AND_ENVIRONMENTS: KeyRange = {
  from: under('effect').from,
  to: under('environment').to,
};

function newestFirst(at: Instant): string {
  return padded(LAST_INSTANT - Math.floor(at), 16);
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
