import type { OutboxRow } from '../engine/ports.ts';
import { NewerSchema, UnreadableInput } from '../errors.ts';
import type { Environment, Run } from '../release/model.ts';
import { RUN_SCHEMA } from '../release/model.ts';
import type { Read } from '../release/schema.ts';
import { readEnvironment, readRun } from '../release/schema.ts';
import type { StoredRow, Tables } from './table-rows.ts';
import { documentOf, ownDocumentOf, tagOf } from './table-rows.ts';

/** An environment with the tag of its row. */
export interface StoredEnvironment {
  readonly environment: Environment;
  readonly tag: string;
}

/** @throws NewerSchema or UnreadableInput; nothing of the project is overwritten then. */
export async function environmentIn(tables: Tables, row: StoredRow): Promise<StoredEnvironment> {
  return {
    environment: checkedValue(readEnvironment(await documentOf(tables, row)), 'environment'),
    tag: tagOf(row),
  };
}

/** A run with the mark of its row. */
export interface StoredRun {
  readonly run: Run;
  readonly mark: string;
}

/** @throws NewerSchema or UnreadableInput; the row is not overwritten then. */
export async function runIn(tables: Tables, row: StoredRow): Promise<StoredRun> {
  const run = checkedValue(readRun(await documentOf(tables, row)), 'run');
  return { run, mark: markOf(run, tagOf(row)) };
}

/** @throws UnreadableInput when the row holds no effect. */
export async function effectIn(tables: Tables, row: StoredRow): Promise<OutboxRow> {
  const effect = await ownDocumentOf<OutboxRow['effect']>(tables, row);
  return { id: `${row.subject}.${row.version}.${row.index}`, effect };
}

/**
 * The mark of a run: whether it is under way, which tells whether its `active` row is there, and the tag of its row.
 * So a transition writes that row only when it begins or ends a run, and needs no reading to know.
 */
export function markOf(run: Run, tag: string): string {
  return `${run.status === 'running' ? 'active' : 'ended'}:${tag}`;
}

/** What a mark says; a run that was not there is not active. */
export function readMark(mark: string | null): { readonly active: boolean; readonly tag: string | null } {
  if (mark === null) return { active: false, tag: null };
  return { active: mark.startsWith('active:'), tag: mark.slice(mark.indexOf(':') + 1) };
}

function checkedValue<Value>(read: Read<Value>, what: string): Value {
  if ('value' in read) return read.value;
  if ('unreadable' in read) throw new UnreadableInput(`a stored ${what} cannot be read: ${read.unreadable}`);
  throw new NewerSchema(`a stored ${what} has schema ${read.newer}; this version knows ${RUN_SCHEMA}`);
}
