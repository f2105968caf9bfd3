import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = join(__dirname, '..', '..');

export const ENVIRONMENT_KEYS = ['dev', 'stg', 'prod'] as const;

/** The text of a file of this repository. */
export function textOf(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}

/** The names in a folder of this repository. */
export function namesIn(path: string): string[] {
  return readdirSync(join(REPOSITORY, path));
}

/** A JSON value of which a test knows only that it is an object. */
export type JsonObject = Record<string, unknown>;

/** The JSON object in a file of this repository. Throws when the file holds anything else. */
export function objectIn(path: string): JsonObject {
  return asObject(JSON.parse(textOf(path)), path);
}

/** The value as an object. Throws, naming `what`, when it is none. */
export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no object`);
  return { ...value };
}
