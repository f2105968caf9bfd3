import type { Commit, Loaded, Store } from '../../shared/engine/ports.ts';
import { decide } from '../../shared/release/decide.ts';
import type { Effect } from '../../shared/release/effects.ts';
import type { RunRequested, TimePassed } from '../../shared/release/events.ts';
import type { Environment, Run } from '../../shared/release/model.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import { twoEnvironments } from '../release/pipelines.ts';

export const PROJECT = 'parking-sensors';
export const START_AT = Date.UTC(2026, 10, 23, 9, 0, 0);

/** A request for a release run, `afterInMs` after the start. */
export function requested(id: string, afterInMs = 0): RunRequested {
  return {
    type: 'run-requested',
    project: PROJECT,
    at: START_AT + afterInMs,
    id,
    kind: 'release',
    release: { name: `release of ${id}`, order: 1 },
    requestedBy: { id: 'requester', name: 'Riley Requester' },
    why: 'build completed',
    overridesFreeze: false,
    pipeline: twoEnvironments(),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
}

/** Puts a run into the store the way the engine does: its first transition, with its first effects. */
export async function begin(
  store: Store,
  id: string,
  { project = PROJECT, afterInMs = 0 }: { readonly project?: string; readonly afterInMs?: number } = {},
): Promise<Loaded> {
  const loaded = await store.load(project, id);
  const event = { ...requested(id, afterInMs), project };
  const decision = decide(loaded, event);
  if ('ignored' in decision) throw new Error(decision.ignored);
  return committed(await store.commit({ project, ...decision, event, tags: loaded.tags }));
}

/** What a next transition changes. */
export interface Change {
  readonly run?: Partial<Run>;
  readonly environments?: readonly Environment[];
  readonly effects?: readonly Effect[];
}

/** A commit that follows what was loaded. */
export function next(loaded: Loaded, { run, environments = [], effects = [] }: Change = {}): Commit {
  const before = runOf(loaded);
  const event: TimePassed = { type: 'time-passed', at: START_AT + before.version * 1_000, wake: null };
  const after = { ...before, ...run, version: before.version + 1 };
  return { project: before.project, run: after, environments, effects, event, tags: loaded.tags };
}

/** A commit of an environment itself. */
export function hold(loaded: Loaded, name: string, effects: readonly Effect[] = []): Commit {
  const before = loaded.environments.get(name) ?? newEnvironment(name);
  const environment = { ...before, version: before.version + 1 };
  const by = { id: 'operator', name: 'Olga Operator' };
  const event = { type: 'hold-lifted', at: START_AT, why: 'looked at', by } as const;
  return { project: PROJECT, run: null, environments: [environment], effects, event, tags: loaded.tags };
}

export function committed(result: Loaded | 'conflict'): Loaded {
  if (result === 'conflict') throw new Error('the commit was a conflict');
  return result;
}

export function runOf({ run }: Loaded): Run {
  if (run === null) throw new Error('there is no run');
  return run;
}

/** An effect that can be told from others by its number. */
export function wake(run: string, number = 0): Effect {
  return { type: 'wake-run', run, at: START_AT + number };
}
