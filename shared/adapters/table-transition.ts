import type { Commit, OutboxRow } from '../engine/ports.ts';
import type { Run } from '../release/model.ts';
import * as keys from './table-keys.ts';
import type { Row } from './table-limits.ts';
import { summaryOf } from './table-records.ts';
import type { Tables } from './table-rows.ts';
import { documentIn } from './table-rows.ts';
import { readMark } from './table-state.ts';
import type { Operation } from './table-transaction.ts';

/** Whose transition it is: a run's, or an environment's own. */
export interface Transition {
  /** Run id, or `environment.NAME`, as the engine asks for it. */
  readonly subject: string;
  readonly version: number;
}

export function transitionOf({ run, environments }: Commit): Transition {
  if (run !== null) return { subject: run.id, version: run.version };
  const [environment] = environments;
  if (environment === undefined) throw new Error('a commit needs a run or an environment');
  return { subject: `environment.${environment.name}`, version: environment.version };
}

/** The commit's effects as they are kept until they are sent. */
export function outboxOf(commit: Commit): OutboxRow[] {
  const { subject, version } = transitionOf(commit);
  return commit.effects.map((effect, index) => ({ id: `${subject}.${version}.${index}`, effect }));
}

/**
 * What a commit writes. First the environments, then the run (the caller takes their tags from the answers), then
 * the event, the effects, and what lists are read from. Large documents are in the content store when this returns.
 */
export async function operationsOf(tables: Tables, commit: Commit): Promise<Operation[]> {
  const { run } = commit;
  const groups = await Promise.all([
    environmentOperations(tables, commit),
    run === null ? [] : runOperations(tables, commit, run),
    eventOperations(tables, commit),
    run === null ? [] : listOperations(tables, commit, run),
  ]);
  return groups.flat();
}

function environmentOperations(tables: Tables, commit: Commit): Promise<Operation[]> {
  const { environments, tags } = commit;
  const operations = environments.map(async (environment) => {
    const row = await rowOf(tables, commit, {
      key: keys.environmentKey(environment.name),
      value: environment,
    });
    return guarded(row, tags.environments.get(environment.name) ?? null);
  });
  return Promise.all(operations);
}

async function runOperations(tables: Tables, commit: Commit, run: Run): Promise<Operation[]> {
  const row = await rowOf(tables, commit, { key: keys.runKey(run.id), value: run });
  return [guarded(row, readMark(commit.tags.run).tag)];
}

async function eventOperations(tables: Tables, commit: Commit): Promise<Operation[]> {
  const { subject, version } = transitionOf(commit);
  const key = keys.eventKey(subject, version);
  const event = rowOf(tables, commit, { key, value: commit.event, fields: { version } });
  const effects = commit.effects.map((effect, index) => {
    const fields = { version, index };
    return rowOf(tables, commit, { key: keys.effectKey(subject, version, index), value: effect, fields });
  });
  const rows = await Promise.all([event, ...effects]);
  return rows.map((row) => ({ kind: 'insert', row }));
}

async function listOperations(tables: Tables, commit: Commit, run: Run): Promise<Operation[]> {
  const key = keys.listKey(run.createdAt, run.id);
  const list: Operation = { kind: 'put', row: await rowOf(tables, commit, { key, value: summaryOf(run) }) };
  const wasActive = readMark(commit.tags.run).active;
  const isActive = run.status === 'running';
  if (wasActive === isActive) return [list];
  const row = {
    partitionKey: keys.encodeName(commit.project),
    rowKey: keys.activeKey(run.id),
    subject: run.id,
  };
  return [list, { kind: isActive ? 'put' : 'remove', row }];
}

/** A document's place in the partition, with properties that queries look at. */
interface Placed {
  readonly key: string;
  readonly value: object;
  readonly fields?: Readonly<Record<string, number>>;
}

async function rowOf(tables: Tables, commit: Commit, { key, value, fields = {} }: Placed): Promise<Row> {
  const { subject } = transitionOf(commit);
  const document = await documentIn(tables, value);
  return { partitionKey: keys.encodeName(commit.project), rowKey: key, subject, ...fields, ...document };
}

function guarded(row: Row, tag: string | null): Operation {
  return tag === null ? { kind: 'insert', row } : { kind: 'replace', row, tag };
}
