import { odata } from '@azure/data-tables';
import type { Commit, EventRow, Loaded, Records, RunSummary, Store, Tags } from '../engine/ports.ts';
import type { Environment } from '../release/model.ts';
import { callStorage } from './storage-errors.ts';
import { EFFECTS_AND_ENVIRONMENTS, effectKeyOf, encodeName, runKey, under } from './table-keys.ts';
import { tableRecords } from './table-records.ts';
import type { StoredRow, Tables } from './table-rows.ts';
import { queryRows, readRow } from './table-rows.ts';
import type { StoredRun } from './table-state.ts';
import { effectIn, environmentIn, markOf, runIn } from './table-state.ts';
import { removeRows, tagAt, writeTogether } from './table-transaction.ts';
import { operationsOf, outboxOf } from './table-transition.ts';

type Environments = ReadonlyMap<string, Environment>;

/**
 * The state of projects in one table, a partition a project. A transition is one entity-group transaction under the
 * tags of the rows that it was decided from. Loading a run takes two operations, a commit one.
 */
export class TableStore implements Store, Records {
  private readonly tables: Tables;
  private readonly records: Records;
  /** The environments behind the tags that this store gave out, so that a commit need not read them again. */
  private readonly environmentsOf = new WeakMap<Tags, Environments>();

  constructor(tables: Tables) {
    this.tables = tables;
    this.records = tableRecords(tables);
  }

  /** For set-up. A table that is there already is no error. */
  async createTable(): Promise<void> {
    await callStorage('create the table', (abortSignal) => this.tables.client.createTable({ abortSignal }));
  }

  /**
   * The run is read before the environments and the outbox, not beside them: a transition that comes in between
   * has changed the run's tag then, so nothing can be committed from the mixture; and its outbox rows are seen.
   * The other way round, an event could end as ignored by the new run while its unsent effects were overlooked.
   */
  async load(project: string, subject: string): Promise<Loaded> {
    const stored = subject.startsWith('environment.') ? null : await this.readRun(project, subject);
    const rows = await queryRows(this.tables, {
      partitionKey: encodeName(project),
      range: EFFECTS_AND_ENVIRONMENTS,
      where: odata`subject eq ${subject} or RowKey ge ${under('environment').from}`,
    });
    const isEffect = ({ rowKey }: StoredRow) => String(rowKey).startsWith(under('effect').from);
    const [outbox, environments] = await Promise.all([
      Promise.all(rows.filter(isEffect).map((row) => effectIn(this.tables, row))),
      Promise.all(rows.filter((row) => !isEffect(row)).map((row) => environmentIn(this.tables, row))),
    ]);
    const tags = {
      run: stored?.mark ?? null,
      environments: new Map(environments.map(({ environment, tag }) => [environment.name, tag])),
    };
    const known = new Map(environments.map(({ environment }) => [environment.name, environment]));
    return this.remember({ run: stored?.run ?? null, environments: known, outbox, tags });
  }

  /** @throws UnreadableInput when the transition is too much for one transaction. */
  async commit(commit: Commit): Promise<Loaded | 'conflict'> {
    const { run, environments, tags } = commit;
    const written = await writeTogether(this.tables, await operationsOf(this.tables, commit));
    if (written === 'conflict') return 'conflict';
    const before = this.environmentsOf.get(tags) ?? (await this.readEnvironments(commit.project));
    const newTags = environments.map(({ name }, index) => [name, tagAt(written, index)] as const);
    const newMark = run === null ? null : markOf(run, tagAt(written, environments.length));
    return this.remember({
      run,
      environments: new Map([...before, ...environments.map((changed) => [changed.name, changed] as const)]),
      outbox: outboxOf(commit),
      tags: { run: newMark, environments: new Map([...tags.environments, ...newTags]) },
    });
  }

  async clearOutbox(project: string, ids: readonly string[]): Promise<void> {
    const partitionKey = encodeName(project);
    const rows = [...new Set(ids)].map((id) => ({ partitionKey, rowKey: effectKeyOf(id) }));
    await removeRows(this.tables, rows);
  }

  listRuns(project: string, most: number): Promise<RunSummary[]> {
    return this.records.listRuns(project, most);
  }

  activeRuns(project: string): Promise<string[]> {
    return this.records.activeRuns(project);
  }

  events(project: string, subject: string): Promise<EventRow[]> {
    return this.records.events(project, subject);
  }

  environments(project: string): Promise<Environment[]> {
    return this.records.environments(project);
  }

  unsent(project: string): Promise<string[]> {
    return this.records.unsent(project);
  }

  private remember(loaded: Loaded): Loaded {
    this.environmentsOf.set(loaded.tags, loaded.environments);
    return loaded;
  }

  private async readEnvironments(project: string): Promise<Environments> {
    const environments = await this.environments(project);
    return new Map(environments.map((environment) => [environment.name, environment]));
  }

  private async readRun(project: string, id: string): Promise<StoredRun | null> {
    const row = await readRow(this.tables, encodeName(project), runKey(id));
    return row === null ? null : runIn(this.tables, row);
  }
}
