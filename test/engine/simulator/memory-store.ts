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

interface Row {
  readonly tag: string;
  readonly text: string;
  /** What the text says, read when it is first asked for. */
  parsed?: unknown;
}

/** Readers share one object a row; that none of them changes it is a law of its own (the core is pure). */
function valueIn<Value>(row: Row): Value {
  row.parsed ??= JSON.parse(row.text);
  return row.parsed as Value;
}

interface Partition {
  readonly runs: Map<string, Row>;
  readonly environments: Map<string, Row>;
  readonly events: Map<string, EventRow & { readonly text: string }>;
  readonly outbox: Map<string, string>;
}

/** The rules of the table in memory: one partition a project, a tag a row, all of a commit or nothing. */
export class MemoryStore implements Store, Records {
  readonly partitions = new Map<string, Partition>();
  private tags = 0;

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
    return {
      run: row === undefined ? null : valueIn<Run>(row),
      environments: new Map(
        [...environments].map(([name, { text }]) => [name, JSON.parse(text) as Environment]),
      ),
      outbox: outboxOf(outbox, run),
      tags: {
        run: row?.tag ?? null,
        environments: new Map([...environments].map(([name, { tag }]) => [name, tag])),
      },
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
    partition.events.set(key, { subject, version, event, text: JSON.stringify(event) });
    if (run !== null) partition.runs.set(run.id, this.row(run));
    for (const environment of environments)
      partition.environments.set(environment.name, this.row(environment));
    const rows = effects.map(
      (effect, index): OutboxRow => ({ id: `${subject}.${version}.${index}`, effect }),
    );
    for (const { id, effect } of rows) partition.outbox.set(id, JSON.stringify(effect));
    const stored = await this.load(project, subject);
    return { ...stored, outbox: rows };
  }

  async clearOutbox(project: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) this.partition(project).outbox.delete(id);
  }

  runs(project: string): Run[] {
    return [...this.partition(project).runs.values()].map((row) => valueIn<Run>(row));
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
    return [...this.partition(project).environments.values()].map(
      ({ text }) => JSON.parse(text) as Environment,
    );
  }

  async unsent(project: string): Promise<string[]> {
    const subjects = [...this.partition(project).outbox.keys()].map((id) => id.replace(/\.\d+\.\d+$/, ''));
    return [...new Set(subjects)];
  }

  private row(value: object): Row {
    this.tags += 1;
    return { tag: String(this.tags), text: JSON.stringify(value) };
  }
}

function outboxOf(outbox: ReadonlyMap<string, string>, subject: string): OutboxRow[] {
  return [...outbox]
    .filter(([id]) => id.replace(/\.\d+\.\d+$/, '') === subject)
    .map(([id, text]) => ({ id, effect: JSON.parse(text) as OutboxRow['effect'] }));
}

function subjectOf({ run, environments }: Commit): { readonly subject: string; readonly version: number } {
  if (run !== null) return { subject: run.id, version: run.version };
  const environment = environments[0];
  if (environment === undefined) throw new Error('a commit needs a run or an environment');
  return { subject: environmentSubject(environment.name), version: environment.version };
}
