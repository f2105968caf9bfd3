import { MESSAGE_SCHEMA } from '../../../shared/engine/messages.ts';
import { reconcile } from '../../../shared/engine/reconcile.ts';
import type { RunEvent, RunRequested } from '../../../shared/release/events.ts';
import type { Person, Run } from '../../../shared/release/model.ts';
import type { Pipeline } from '../../../shared/release/pipeline.ts';
import type { Sabotage } from './app.ts';
import { SimulatedApp } from './app.ts';
import type { Fault } from './faults.ts';
import type { Behaviour, Outside } from './outside.ts';
import { Outside as OutsideWorld } from './outside.ts';
import { START_AT, World } from './world.ts';

export const PROJECT = 'parking-sensors';
export const REQUESTER: Person = { id: 'requester', name: 'Riley Requester' };
export const APPROVER: Person = { id: 'approver', name: 'Alex Approver' };
export const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What one simulated history consists of. */
export interface Scenario {
  readonly pipeline: Pipeline;
  /** Ids of release runs, asked for one after the other, `gapInMs` apart. */
  readonly runs: readonly string[];
  readonly gapInMs: number;
  readonly behaviour: Behaviour;
  /** What people do besides approving: at a time after the start, to a run. */
  readonly deeds: readonly { readonly afterInMs: number; readonly run: string; readonly event: object }[];
  readonly approves: boolean;
  readonly timer: boolean;
}

export const WELL_BEHAVED: Behaviour = { broken: new Set(), refusing: new Set() };

export function scenario(change: Partial<Scenario> & { readonly pipeline: Pipeline }): Scenario {
  return {
    runs: ['release-1'],
    gapInMs: 0,
    behaviour: WELL_BEHAVED,
    deeds: [],
    approves: true,
    timer: false,
    ...change,
  };
}

/** A history after its end: what is stored, and what the outside saw. */
export interface History {
  readonly world: World;
  readonly app: SimulatedApp;
  readonly outside: Outside;
  readonly runs: readonly Run[];
  readonly ended: boolean;
}

/** A day of virtual time, far more than any bound on recovery. */
const LIMIT_IN_MS = 24 * 60 * 60_000;
const TIMER_IN_MS = 5 * 60_000;
const APPROVER_LOOKS_IN_MS = 15_000;

/** Plays a scenario with faults to its end. */
export async function play(
  what: Scenario,
  {
    faults = [],
    seed = 1,
    sabotage,
  }: { readonly faults?: readonly Fault[]; readonly seed?: number; readonly sabotage?: Sabotage } = {},
): Promise<History> {
  const app = new SimulatedApp(what.behaviour, sabotage);
  const world = new World(app, { faults, seed });
  const outside = new OutsideWorld(world);
  app.outside = outside;
  for (const [index, run] of what.runs.entries()) {
    const order = index + 1;
    world.clock.at(START_AT + index * what.gapInMs, () => request(world, what.pipeline, { run, order }));
  }
  for (const { afterInMs, run, event } of what.deeds) {
    world.clock.at(START_AT + afterInMs, () => post(world, run, { at: world.clock.now(), ...event }));
  }
  if (what.approves) approveNowAndThen(world);
  if (what.timer) lookNowAndThen(world, app);
  const ended = await world.clock.runUntil(() => isOver(world, what), START_AT + LIMIT_IN_MS);
  return { world, app, outside, runs: allRuns(world), ended };
}

/** Over: every run has ended and no message is left that could still do something. */
function isOver(world: World, what: Scenario): boolean {
  const runs = allRuns(world);
  const deedsDone = what.deeds.every(({ afterInMs }) => world.clock.now() > START_AT + afterInMs);
  if (!deedsDone || runs.length < what.runs.length || runs.some((run) => run.status === 'running'))
    return false;
  return world.bus.waiting().length === 0;
}

export function allRuns(world: World): Run[] {
  return world.store.runs(PROJECT);
}

function request(
  world: World,
  pipeline: Pipeline,
  { run, order }: { readonly run: string; readonly order: number },
): void {
  const event: RunRequested = {
    type: 'run-requested',
    at: world.clock.now(),
    project: PROJECT,
    id: run,
    kind: 'release',
    release: { name: `build-${order}`, order },
    requestedBy: REQUESTER,
    why: 'build completed',
    overridesFreeze: false,
    pipeline,
    traceparent: TRACE,
  };
  post(world, run, event);
}

/** What the HTTP functions do once they have authenticated a caller: one message. */
export function post(world: World, run: string, event: RunEvent | object): void {
  const body = JSON.stringify({
    schema: MESSAGE_SCHEMA,
    project: PROJECT,
    run,
    putOff: 0,
    traceparent: TRACE,
    event,
  });
  const id = `post.${run}.${world.bus.sent.length}`;
  world.bus.put('release-events', { id, body, notBefore: null, traceparent: TRACE });
}

function approveNowAndThen(world: World): void {
  const look = () => {
    for (const run of allRuns(world)) {
      for (const stage of run.stages) {
        if (stage.status !== 'waiting-for-approval' || stage.plan === null) continue;
        const { hash: planHash } = stage.plan;
        post(world, run.id, {
          type: 'approval-granted',
          at: world.clock.now(),
          stage: stage.name,
          planHash,
          by: APPROVER,
          comment: '',
        });
      }
    }
    world.clock.at(world.clock.now() + APPROVER_LOOKS_IN_MS, look);
  };
  world.clock.at(START_AT + APPROVER_LOOKS_IN_MS, look);
}

function lookNowAndThen(world: World, app: SimulatedApp): void {
  const look = () => {
    const invocation = world.newInvocation();
    const ports = app.portsOf(world, invocation);
    void reconcile(ports, world.store, PROJECT).catch(() => undefined);
    world.clock.at(world.clock.now() + TIMER_IN_MS, look);
  };
  world.clock.at(START_AT + TIMER_IN_MS, look);
}
