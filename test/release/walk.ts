import { sha256 } from '../../shared/release/canonical-json.ts';
import type { Decision } from '../../shared/release/decide.ts';
import { decide } from '../../shared/release/decide.ts';
import type { Effect } from '../../shared/release/effects.ts';
import { decideEnvironment } from '../../shared/release/environment-events.ts';
import type { EnvironmentEvent, RunEvent } from '../../shared/release/events.ts';
import type { Environment, Run, StageState, State, StepState } from '../../shared/release/model.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import type { Pipeline } from '../../shared/release/pipeline.ts';
import { Random } from '../engine/simulator/random.ts';
import { deepFreeze } from './deep-freeze.ts';

const PEOPLE = ['riley', 'alex', 'sam'].map((id) => ({ id, name: id }));
const DIGESTS = ['one', 'two', 'three'].map((text) => sha256(text));
const NO_CHANGES = { create: 0, update: 0, delete: 0, run: 0 };
const MOST_RUNS = 4;
const KEPT_MESSAGES = 60;
const TOLD_EVENTS = 30;

/** One decision of a walk, with what it was made from. */
export interface Taken {
  readonly state: State;
  readonly event: RunEvent;
  readonly decision: Decision;
}

interface Message {
  readonly run: string;
  readonly effect: Effect;
}

/**
 * A walk through the histories of a project: each number becomes one event. Most events are what a message, a
 * function or a person would bring next; some come twice, late, out of order, or make no sense at all.
 */
export class Walk {
  readonly runs = new Map<string, Run>();
  environments: ReadonlyMap<string, Environment> = new Map();
  private taken: { readonly id: string; readonly event: RunEvent; readonly decision: Decision }[] = [];
  private at = Date.UTC(2026, 10, 23, 9, 0, 0);
  private messages: Message[] = [];
  private last: { readonly run: string; readonly event: RunEvent } | null = null;
  private readonly table: Pipeline;

  constructor(table: Pipeline) {
    this.table = deepFreeze(table);
  }

  /** The last events in words, for a law that is broken. */
  story(): string {
    const told = this.taken.slice(-TOLD_EVENTS).map(({ id, event, decision }) => {
      return `${id}: ${JSON.stringify(event)} ${'ignored' in decision ? decision.ignored : 'taken'}`;
    });
    return told.join('\n');
  }

  take(number: number): Taken {
    const random = new Random(number);
    this.at += random.pick([0, 0, 1, 1_000, 20_000]);
    if (random.next() < 0.02) this.at += random.pick([200_000, 3_600_000, 25 * 3_600_000]);
    if (random.next() < 0.02) this.changeEnvironment(random);
    const { run, event } = this.nextEvent(random);
    return this.decideOn(run, event);
  }

  private decideOn(id: string, event: RunEvent): Taken {
    const state: State = { run: this.runs.get(id) ?? null, environments: this.environments };
    const decision = decide(state, deepFreeze(event));
    this.taken.push({ id, event, decision });
    if (this.taken.length > 2 * TOLD_EVENTS) this.taken = this.taken.slice(-TOLD_EVENTS);
    this.last = { run: id, event };
    if (!('ignored' in decision)) this.keep(id, decision);
    return { state, event, decision };
  }

  private keep(id: string, { run, environments, effects }: Exclude<Decision, { ignored: string }>): void {
    this.runs.set(id, deepFreeze(run));
    if (environments.length > 0) {
      const next = new Map(this.environments);
      for (const environment of environments) next.set(environment.name, deepFreeze(environment));
      this.environments = next;
    }
    for (const effect of effects) {
      if (effect.type !== 'track-record') this.messages.push({ run: id, effect: deepFreeze(effect) });
    }
    if (this.messages.length > KEPT_MESSAGES) this.messages = this.messages.slice(-KEPT_MESSAGES);
  }

  private nextEvent(random: Random): { readonly run: string; readonly event: RunEvent } {
    const dice = random.next();
    if (this.runs.size === 0 || (dice < 0.03 && this.runs.size < MOST_RUNS)) return this.request(random);
    if (dice < 0.06 && this.last !== null) return this.last;
    if (dice < 0.5 && this.messages.length > 0) return this.takeMessage(random);
    const live = [...this.runs.values()].filter(({ status }) => status === 'running');
    const run = random.pick(live.length > 0 && random.next() < 0.9 ? live : [...this.runs.values()]);
    if (dice < 0.8) return { run: run.id, event: this.resultFor(run, random) ?? this.deed(run, random) };
    return { run: run.id, event: dice < 0.95 ? this.deed(run, random) : this.nonsense(run, random) };
  }

  private request(random: Random): { readonly run: string; readonly event: RunEvent } {
    const order = this.runs.size + 1;
    const id = `run-${order}`;
    const event: RunEvent = {
      type: 'run-requested',
      project: 'parking',
      at: this.at,
      id,
      kind: random.pick(['release', 'release', 'release', 'redeploy']),
      release: { name: `build-${order}`, order },
      requestedBy: random.pick(PEOPLE),
      why: 'because',
      overridesFreeze: random.next() < 0.1,
      pipeline: this.table,
      traceparent: '',
    };
    return { run: id, event };
  }

  /** Messages come in any order; one in ten stays, as if it had been delivered twice. */
  private takeMessage(random: Random): { readonly run: string; readonly event: RunEvent } {
    const message = random.pick(this.messages);
    if (random.next() < 0.9) this.messages = this.messages.filter((each) => each !== message);
    const { run, effect } = message;
    const { at } = this;
    switch (effect.type) {
      case 'run-step': {
        const { stage, step, mode, after } = effect;
        if (random.next() < 0.03)
          return { run, event: { type: 'step-abandoned', at, stage, step, after, reason: 'lost' } };
        return {
          run,
          event: { type: 'step-claimed', at, stage, step, mode, after, by: `worker-${random.between(1, 9)}` },
        };
      }
      case 'wake-run':
        return { run: effect.run, event: { type: 'time-passed', at, wake: effect.at } };
      case 'tell-run':
        return { run: effect.run, event: { ...effect.event, at } };
      case 'start-run':
        return { run: effect.event.id, event: { ...effect.event, at } };
      case 'track-record':
        throw new Error('records are kept nowhere');
    }
  }

  /** A result of a step that is claimed now; null when none is. */
  private resultFor(run: Run, random: Random): RunEvent | null {
    const claimed = run.stages.flatMap((stage) =>
      stage.steps.filter(({ status }) => status === 'claimed').map((step) => ({ stage, step })),
    );
    if (claimed.length === 0) return null;
    const { stage, step } = random.pick(claimed);
    return this.result(random, { stage, step, mode: step.mode, claim: step.claim });
  }

  private result(
    random: Random,
    asked: {
      readonly stage: StageState;
      readonly step: StepState;
      readonly mode: string;
      readonly claim: number;
    },
  ): RunEvent {
    const about = { at: this.at, stage: asked.stage.name, step: asked.step.name, claim: asked.claim };
    const dice = random.next();
    if (dice < 0.03) return { type: 'step-refused', ...about, reason: 'no' };
    if (dice < 0.07) return { type: 'step-failed', ...about, error: 'out of order' };
    if (asked.mode === 'plan') {
      const changes = random.next() < 0.15 ? NO_CHANGES : { ...NO_CHANGES, create: random.between(1, 3) };
      const digest = random.pick(DIGESTS.slice(0, random.next() < 0.9 ? 1 : 3));
      return { type: 'step-planned', ...about, digest, changes, withinApproved: random.next() < 0.5 };
    }
    if (dice < 0.2) return { type: 'step-waited', ...about, until: this.at + 20_000, memo: 'remote-1' };
    return { type: 'step-succeeded', ...about, output: { done: true } };
  }

  /** What a person or the safety net does to a run. */
  private deed(run: Run, random: Random): RunEvent {
    const { at } = this;
    const by = random.pick(PEOPLE);
    const dice = random.next();
    const waiting = run.stages.find(({ status }) => status === 'waiting-for-approval');
    if (waiting !== undefined && dice < 0.75) {
      const planHash = random.next() < 0.9 ? (waiting.plan?.hash ?? '') : (random.pick(DIGESTS) ?? '');
      const type = random.next() < 0.95 ? 'approval-granted' : 'approval-rejected';
      return { type, at, stage: waiting.name, planHash, by, comment: '' };
    }
    if (dice < 0.03) return { type: 'cancel-requested', at, by, why: 'no' };
    if (run.status === 'failed' && dice < 0.6) return { type: 'retry-requested', at, by, why: 'again' };
    if (run.wakeAt !== null && run.wakeAt <= at) return { type: 'time-passed', at, wake: run.wakeAt };
    return { type: 'time-passed', at, wake: null };
  }

  /** An event that nobody would send: of stages that are over, old claims, names that do not exist. */
  private nonsense(run: Run, random: Random): RunEvent {
    const { at } = this;
    const stage = random.pick(run.stages);
    const step = random.pick(stage.steps);
    const after = random.between(0, step.claim + 1);
    const mode = random.pick(['plan', 'apply', 'cancel'] as const);
    const events: RunEvent[] = [
      this.result(random, { stage, step, mode, claim: after }),
      { type: 'step-claimed', at, stage: stage.name, step: step.name, mode, after, by: 'stranger' },
      { type: 'step-abandoned', at, stage: stage.name, step: step.name, after, reason: 'lost' },
      { type: 'step-claimed', at, stage: 'nowhere', step: 'nothing', mode, after, by: 'stranger' },
      { type: 'environment-freed', at, environment: random.pick(['staging', 'production', 'nowhere']) },
      { type: 'stage-superseded', at, stage: stage.name, by: 'build-9' },
      { type: 'retry-requested', at, by: random.pick(PEOPLE), why: 'again' },
      { type: 'time-passed', at, wake: at - 1 },
    ];
    return random.pick(events);
  }

  private changeEnvironment(random: Random): void {
    const name = random.pick(['staging', 'production']);
    const environment = this.environments.get(name) ?? newEnvironment(name);
    const { at } = this;
    const by = random.pick(PEOPLE);
    const from = at + random.pick([0, 60_000]);
    const events: EnvironmentEvent[] = [
      { type: 'freeze-set', at, id: 'freeze', from, to: from + 600_000, why: 'fair', by },
      { type: 'freeze-lifted', at, id: 'freeze', why: 'over', by },
      { type: 'hold-lifted', at, why: 'mended', by },
    ];
    const decision = decideEnvironment(environment, random.pick(events));
    if ('ignored' in decision) return;
    const changed = deepFreeze(decision.environment);
    this.environments = new Map([...this.environments, [changed.name, changed]]);
    for (const effect of decision.effects) this.messages.push({ run: effect.run, effect });
  }
}
