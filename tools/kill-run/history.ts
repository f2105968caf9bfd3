import { odata } from '@azure/data-tables';
import { BlobContentStore, openContainer } from '../../shared/adapters/blob-content.ts';
import { openTable } from '../../shared/adapters/table-client.ts';
import { encodeName, eventKey } from '../../shared/adapters/table-keys.ts';
import { TableStore } from '../../shared/adapters/table-store.ts';
import names from '../../shared/names.json';
import type { Environment, Run } from '../../shared/release/model.ts';
import { SimulatedApp } from '../../test/engine/simulator/app.ts';
import type { CallName } from '../../test/engine/simulator/faults.ts';
import type { History } from '../../test/engine/simulator/play.ts';
import { World } from '../../test/engine/simulator/world.ts';
import type { OutsideLog } from './outside.ts';

/** The storage of the stack, as the tool reads it. */
export interface StoredState {
  readonly store: TableStore;
  readonly content: BlobContentStore;
  /** When each row of the audit log was committed, by row key. */
  committedAt(project: string): Promise<ReadonlyMap<string, number>>;
}

export function openState(connectionString: string): StoredState {
  const access = { connectionString };
  const client = openTable(access, names.table);
  const content = new BlobContentStore(openContainer(access, names.containers.content));
  return {
    content,
    store: new TableStore({ client, content }),
    async committedAt(project) {
      const filter = odata`PartitionKey eq ${encodeName(project)} and RowKey ge ${'event|'} and RowKey lt ${'event}'}`;
      const times = new Map<string, number>();
      for await (const row of client.listEntities({ queryOptions: { filter } })) {
        times.set(String(row.rowKey), Date.parse(String(row.timestamp)));
      }
      return times;
    },
  };
}

/**
 * Puts what is stored of a project, and what the outside noted of it, into the form that the invariants of the crash
 * simulator read. They are the same invariants then.
 */
export async function historyOf(state: StoredState, log: OutsideLog, project: string): Promise<History> {
  const world = new World({ faults: [], seed: 1 });
  const app = new SimulatedApp(world, []);
  const runs = await readRows(state, world, project);
  for (const { name, ...call } of log.calls.get(project) ?? [])
    world.calls.push({ ...call, name: callName(name) });
  app.outside.effects.push(...log.effects.filter((effect) => effect.project === project));
  for (const [target, content] of log.targets) {
    if (target.startsWith(`${project}/`)) app.outside.targets.set(target, content);
  }
  for (const [id, run] of log.remoteRuns) {
    if (run.project === project) app.outside.remoteRuns.set(id, { ...run, passes: true, cancelled: false });
  }
  app.records.push(...log.records.filter(({ properties }) => properties.project === project));
  return { world, app, outside: app.outside, runs, ended: runs.every(({ status }) => status !== 'running') };
}

async function readRows(state: StoredState, world: World, project: string): Promise<Run[]> {
  const { store } = state;
  const partition = world.store.partition(project);
  const environments = await store.environments(project);
  for (const value of environments) partition.environments.set(value.name, { tag: '', value });
  const runs: Run[] = [];
  for (const { id } of await store.listRuns(project, 100)) {
    const { run, outbox } = await store.load(project, id);
    if (run === null) continue;
    runs.push(run);
    partition.runs.set(id, { tag: '', value: run });
    if (outbox.length > 0) partition.outbox.set(id, [...outbox]);
  }
  await readEvents(state, world, { project, runs, environments });
  return runs;
}

interface Found {
  readonly project: string;
  readonly runs: readonly Run[];
  readonly environments: readonly Environment[];
}

/** The audit log, and the plans that it names. */
async function readEvents(
  { store, content, committedAt }: StoredState,
  world: World,
  found: Found,
): Promise<void> {
  const { project, runs, environments } = found;
  const { events } = world.store.partition(project);
  const times = await committedAt(project);
  const subjects = [...runs.map(({ id }) => id), ...environments.map(({ name }) => `environment.${name}`)];
  for (const subject of subjects) {
    for (const row of await store.events(project, subject)) {
      const key = eventKey(subject, row.version);
      events.set(key, { ...row, committedAt: times.get(key) ?? row.event.at });
      if (row.event.type !== 'step-planned') continue;
      world.contents.set(row.event.digest, await content.get(row.event.digest));
    }
  }
}

const CALLS: readonly CallName[] = [
  'store.load',
  'store.commit',
  'store.clear',
  'bus.send',
  'content.put',
  'content.get',
  'outside',
];

function callName(name: string): CallName {
  const found = CALLS.find((known) => known === name);
  if (found === undefined) throw new Error(`the app announced an unknown call ${name}`);
  return found;
}
