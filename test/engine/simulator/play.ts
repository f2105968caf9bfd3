import type { QueueName } from '../../../shared/engine/ports.ts';
import type { Run } from '../../../shared/release/model.ts';
import type { Sabotage } from './app.ts';
import { SimulatedApp } from './app.ts';
import type { Fault } from './faults.ts';
import type { Outside } from './outside.ts';
import { People } from './people.ts';
import type { Scenario } from './scenario.ts';
import { START_AT, World } from './world.ts';

/** A history after its end: what is stored, and what the outside saw. */
export interface History {
  readonly world: World;
  readonly app: SimulatedApp;
  readonly outside: Outside;
  readonly runs: readonly Run[];
  readonly ended: boolean;
}

/** Longer than all gates of a pipeline stay open, one after the other. */
const LIMIT_IN_MS = 8 * 24 * 60 * 60_000;

/** How a scenario is played. */
export interface Circumstances {
  readonly faults?: readonly Fault[];
  /** For the time that calls take. */
  readonly seed?: number;
  readonly sabotage?: Sabotage | undefined;
  /** A message that nobody should have sent. */
  readonly garbage?: { readonly queue: QueueName; readonly body: string };
  /** When to give up. */
  readonly limitInMs?: number;
}

/** Plays a scenario with faults to its end: every run over, every message settled, nobody with anything left to do. */
export async function play(what: Scenario, circumstances: Circumstances = {}): Promise<History> {
  const { faults = [], seed = 1, sabotage, limitInMs = LIMIT_IN_MS } = circumstances;
  const world = new World({ faults, seed });
  const app = new SimulatedApp(world, what.behaviour, sabotage);
  world.start(app);
  const people = new People(app, what);
  people.begin();
  const { garbage } = circumstances;
  if (garbage !== undefined) {
    const { queue, body } = garbage;
    world.bus.put(queue, { id: 'garbage', body, notBefore: null, traceparent: '' });
  }
  const wanted = what.runs.length * what.projects.length;
  const isOver = () => {
    if (world.bus.size > 0) return false;
    const runs = people.runs();
    return runs.length >= wanted && runs.every(({ status }) => status !== 'running') && people.isIdle();
  };
  const ended = await world.clock.runUntil(isOver, START_AT + limitInMs);
  return { world, app, outside: app.outside, runs: people.runs(), ended };
}
