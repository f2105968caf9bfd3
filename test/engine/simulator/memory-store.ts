import { environmentSubject } from '../../../shared/engine/advance.ts';
import type {
  Commit,
  EventRow,
  Loaded,
  OutboxRow,
  Records,
  RunSummary,
  Store,
} from '../../../shared/engine/ports.ts';
import type { Environment, Run } from '../../../shared/release/model.ts';

/** Readers share one object a row. That none of them changes it, and that it survives JSON, are laws of the core. */
interface Row<Value> {
  readonly tag: string;
  readonly value: Value;
}

/** A row of the audit log, and when it was written. */
interface StoredEvent extends EventRow {
  readonly committedAt: number;
}

interface Partition {
  readonly runs: Map<string, Row<Run>>;
  readonly environments: Map<string, Row<Environment>>;
  /** In the order of their commits. */
  readonly events: Map<string, StoredEvent>;
  /** Rows that were not sent yet, by run or environment. */
  readonly outbox: Map<string, OutboxRow[]>;
}

/** The rules of the table in memory: one partition a project, a tag a row, all of a commit or nothing. */
export class MemoryStore implements Store, Records {
  readonly partitions = new Map<string, Partition>();
  private tags = 0;
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  partition(project: string): Partition {
    const found = this.partitions.get(project);
    if (found !== undefined) return found;
    const made = { runs: new Map(), environments: new Map(), events: new Map(), outbox: new Map() };
    this.partitions.set(project, made);
    return made;
  }

  async load(project: string, run: string): Promise<Loaded> {
    const { runs, environments, outbox } = this.partition(project);
    const row = runs.get(run);
    const values = new Map<string, Environment>();
    const tags = new Map<string, string>();
    for (const [name, { value, tag }] of environments) {
      values.set(name, value);
      tags.set(name, tag);
    }
    return {
      run: row?.value ?? null,
      environments: values,
      outbox: [...(outbox.get(run) ?? [])],
      tags: { run: row?.tag ?? null, environments: tags },
    };
  }

  async commit(commit: Commit): Promise<Loaded | 'conflict'> {
    const { project, run, environments, effects, event, tags } = commit;
    const partition = this.partition(project);
    if (run !== null && (partition.runs.get(run.id)?.tag ?? null) !== tags.run) return 'conflict';
    for (const { name } of environments) {
      const known = tags.environments.get(name) ?? null;
      if ((partition.environments.get(name)?.tag ?? null) !== known) return 'conflict';
    }
    const { subject, version } = subjectOf(commit);
    const key = `${subject}|${version}`;
    if (partition.events.has(key)) return 'conflict';
    partition.events.set(key, { subject, version, event, committedAt: this.now() });
    if (run !== null) partition.runs.set(run.id, this.row(run));
    for (const environment of environments)
      partition.environments.set(environment.name, this.row(environment));
    const rows = effects.map(
      (effect, index): OutboxRow => ({ id: `${subject}.${version}.${index}`, effect }),
    );
    if (rows.length > 0) partition.outbox.set(subject, [...(partition.outbox.get(subject) ?? []), ...rows]);
    const stored = await this.load(project, subject);
    return { ...stored, outbox: rows };
  }

  async clearOutbox(project: string, ids: readonly string[]): Promise<void> {
    const { outbox } = this.partition(project);
    for (const subject of new Set(ids.map(subjectIn))) {
      const left = (outbox.get(subject) ?? []).filter(({ id }) => !ids.includes(id));
      if (left.length > 0) outbox.set(subject, left);
      else outbox.delete(subject);
    }
  }

  runs(project: string): Run[] {
    return [...this.partition(project).runs.values()].map(({ value }) => value);
  }

  async listRuns(project: string, most: number): Promise<RunSummary[]> {
    const newest = this.runs(project).sort(
      (left, right) => right.createdAt - left.createdAt || (left.id < right.id ? 1 : -1),
    );
    return newest.slice(0, most).map(({ id, kind, status, release, createdAt, endedAt, stages }) => {
      const summaries = stages.map((stage) => ({ name: stage.name, status: stage.status }));
      return { id, kind, status, release: release.name, createdAt, endedAt, stages: summaries };
    });
  }

  async activeRuns(project: string): Promise<string[]> {
    return this.runs(project)
      .filter((run) => run.status === 'running')
      .map((run) => run.id);
  }

  async events(project: string, subject: string): Promise<EventRow[]> {
    const rows = [...this.partition(project).events.values()].filter((row) => row.subject === subject);
    return rows.sort((left, right) => left.version - right.version);
  }

  async environments(project: string): Promise<Environment[]> {
    return [...this.partition(project).environments.values()].map(({ value }) => value);
  }

  async unsent(project: string): Promise<string[]> {
    return [...this.partition(project).outbox.keys()];
  }

  private row<Value>(value: Value): Row<Value> {
    this.tags += 1;
    return { tag: String(this.tags), value };
  }
}

/** A row's id is `subject.version.index`. */
function subjectIn(id: string): string {
  return id.slice(0, id.lastIndexOf('.', id.lastIndexOf('.') - 1));
}

function subjectOf({ run, environments }: Commit): { readonly subject: string; readonly version: number } {
  if (run !== null) return { subject: run.id, version: run.version };
  const environment = environments[0];
  if (environment === undefined) throw new Error('a commit needs a run or an environment');
  return { subject: environmentSubject(environment.name), version: environment.version };
}
