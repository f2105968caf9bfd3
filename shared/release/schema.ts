import type { Environment, Run, StageState } from './model.ts';
import { RUN_SCHEMA } from './model.ts';

/** A stored value in today's shape, or why it cannot be read. */
export type Read<Value> =
  | { readonly value: Value }
  /** A newer version of Slipway wrote it. Nothing may be written over it. */
  | { readonly newer: number }
  | { readonly unreadable: string };

/** Each takes a value of schema N, a run or an environment, to N + 1. */
const UPGRADES: ReadonlyMap<number, (value: Stored) => Stored> = new Map([[1, toSecond]]);

interface Stored {
  readonly schema: number;
  readonly [field: string]: unknown;
}

/** Reads a stored run of any schema up to today's. */
export function readRun(value: unknown): Read<Run> {
  return read<Run>(value, ['project', 'id', 'version', 'status', 'pipeline', 'stages']);
}

/** Reads a stored environment of any schema up to today's. */
export function readEnvironment(value: unknown): Read<Environment> {
  return read<Environment>(value, ['name', 'version', 'waiting', 'history', 'generation', 'freezes']);
}

function read<Value>(value: unknown, needed: readonly string[]): Read<Value> {
  if (!isStored(value)) return { unreadable: 'it is not an object with a schema number' };
  if (value.schema > RUN_SCHEMA) return { newer: value.schema };
  let current = value;
  while (current.schema < RUN_SCHEMA) {
    const upgrade = UPGRADES.get(current.schema);
    if (upgrade === undefined) return { unreadable: `there never was a schema ${current.schema}` };
    current = upgrade(current);
  }
  if (isWhole<Value>(current, needed)) return { value: current };
  return { unreadable: `it lacks ${missingIn(current, needed).join(', ')}` };
}

/** Steps count failures apart from attempts; environments say what a rollback undoes. */
function toSecond(value: Stored): Stored {
  const next = { ...value, schema: 2 };
  if (isWhole<Run>(value, ['stages'])) return { ...next, stages: value.stages.map(withFailures) };
  return isWhole<Environment>(value, ['live']) ? { ...next, toUndo: value.live?.release ?? null } : next;
}

function withFailures({ steps, ...stage }: StageState): StageState {
  return { ...stage, steps: steps.map((step) => ({ ...step, failures: Math.max(step.attempt - 1, 0) })) };
}

function missingIn(stored: Stored, needed: readonly string[]): string[] {
  return needed.filter((field) => stored[field] === undefined);
}

/** Slipway itself wrote it: what has the fields of its schema has their shapes. */
function isWhole<Value>(stored: Stored, needed: readonly string[]): stored is Stored & Value {
  return missingIn(stored, needed).length === 0;
}

function isStored(value: unknown): value is Stored {
  if (typeof value !== 'object' || value === null || !('schema' in value)) return false;
  return Number.isInteger(value.schema);
}
