import { createHash, timingSafeEqual } from 'node:crypto';
import type { AuthLevel } from '../function-definition.ts';
import { isRecord, objectOf, stringOf } from '../json.ts';

/** Access keys of a function app. */
export interface FunctionKeys {
  /** Opens everything, and alone the admin routes. */
  master: string;
  /** By name; each opens every function. */
  host: Record<string, string>;
  /** By function name (lower case), then by key name; each opens that function. */
  functions: Record<string, Record<string, string>>;
}

/** @throws Error when there is no master key or a key is not text */
export function readKeys(content: unknown): FunctionKeys {
  const read = objectOf(content);
  const master = stringOf(read.master);
  if (!master) throw new Error('The keys need a "master" key.');
  const functions = Object.entries(objectOf(read.functions));
  return {
    master,
    host: readNamed(read.host),
    functions: Object.fromEntries(functions.map(([name, keys]) => [name.toLowerCase(), readNamed(keys)])),
  };
}

function readNamed(content: unknown): Record<string, string> {
  if (content === undefined) return {};
  if (!isRecord(content)) throw new Error('Keys are an object: names and their keys.');
  return Object.fromEntries(
    Object.entries(content).map(([name, key]) => {
      if (typeof key !== 'string' || key === '') throw new Error(`The key '${name}' must be text.`);
      return [name, key];
    }),
  );
}

/** What a request wants to open. */
export interface Access {
  authLevel: AuthLevel;
  /** Undefined for the admin routes. */
  functionName: string | undefined;
}

/**
 * @param key header `x-functions-key`, else query parameter `code`
 * @param keys undefined switches keys off: everything is open, as in Core Tools
 */
export function isAllowed(access: Access, key: string | undefined, keys: FunctionKeys | undefined): boolean {
  if (!keys || access.authLevel === 'anonymous') return true;
  if (key === undefined) return false;
  if (isSame(key, keys.master)) return true;
  if (access.authLevel === 'admin') return false;
  const own = keys.functions[access.functionName?.toLowerCase() ?? ''] ?? {};
  return [...Object.values(keys.host), ...Object.values(own)].some((known) => isSame(key, known));
}

function isSame(given: string, known: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(known));
}
