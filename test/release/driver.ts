import { sha256 } from '../../shared/release/canonical-json.ts';
import { decide } from '../../shared/release/decide.ts';
import type { Effect, RunStep } from '../../shared/release/effects.ts';
import { decideEnvironment } from '../../shared/release/environment-events.ts';
import type { EnvironmentEvent, RunEvent, RunRequested } from '../../shared/release/events.ts';
import type { Environment, Run, StageState, StepState } from '../../shared/release/model.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import type { Pipeline } from '../../shared/release/pipeline.ts';
import type { ChangeCounts } from '../../shared/release/plan.ts';

/** Monday, nine o'clock. */
export const NINE = Date.UTC(2026, 10, 23, 9, 0, 0);
export const MINUTE = 60_000;
export const RILEY = { id: 'riley', name: 'Riley' };
export const ALEX = { id: 'alex', name: 'Alex' };
const TWO_CREATES: ChangeCounts = { create: 2, update: 0, delete: 0, run: 0 };

/** An event about a run without its time, which is the driver's. */
type Untimed<Event> = Event extends RunEvent ? Omit<Event, 'at'> : never;

/** Plays `decide` by hand: keeps runs and environments, and the messages that nobody has taken yet. */
export class Driver {
  at = NINE;
  readonly runs = new Map<string, Run>();
  readonly environments = new Map<string, Environment>();
  /** Effects in the order in which they were asked for. */
  effects: { readonly run: string; readonly effect: Effect }[] = [];
  /** What happened, in words. */
  readonly lines: string[] = [];

  /** A release build of the project: `build-3` has order 3. */
  request(pipeline: Pipeline, change: Partial<RunRequested> = {}): string | null {
    const order = change.release?.order ?? 1;
    const id = change.id ?? `release-${order}`;
    return this.tell(id, {
      type: 'run-requested',
      project: 'parking',
      id,
      kind: 'release',
      release: { name: `build-${order}`, order },
      requestedBy: RILEY,
      why: 'build completed',
      overridesFreeze: false,
      pipeline,
      traceparent: '',
      ...change,
    });
  }

  /** @returns why the event changed nothing, or null. */
  tell(id: string, event: Untimed<RunEvent>): string | null {
    const timed = { at: this.at, ...event } as RunEvent;
    const before = this.runs.get(id) ?? null;
    const decision = decide({ run: before, environments: this.environments }, timed);
    this.lines.push(`${this.clock()} ${id}: ${describe(timed)}`);
    if ('ignored' in decision) {
      this.lines.push(`        ignored: ${decision.ignored}`);
      return decision.ignored;
    }
    this.runs.set(id, decision.run);
    for (const environment of decision.environments) this.environments.set(environment.name, environment);
    for (const effect of decision.effects) this.effects.push({ run: id, effect });
    this.lines.push(...changes(before, decision.run).map((line) => `        ${line}`));
    return null;
  }

  /** Something that a person does to an environment. */
  tellEnvironment(name: string, event: EnvironmentEvent): string | null {
    const decision = decideEnvironment(this.environments.get(name) ?? newEnvironment(name), event);
    this.lines.push(`${this.clock()} ${name}: ${event.type}`);
    if ('ignored' in decision) return decision.ignored;
    this.environments.set(name, decision.environment);
    for (const effect of decision.effects) this.effects.push({ run: effect.run, effect });
    return null;
  }

  run(id = 'release-1'): Run {
    const run = this.runs.get(id);
    if (run === undefined) throw new Error(`no run ${id}`);
    return run;
  }

  stage(name: string, id = 'release-1'): StageState {
    const stage = this.run(id).stages.find((each) => each.name === name);
    if (stage === undefined) throw new Error(`no stage ${name}`);
    return stage;
  }

  step(stage: string, name: string, id = 'release-1'): StepState {
    const step = this.stage(stage, id).steps.find((each) => each.name === name);
    if (step === undefined) throw new Error(`no step ${name}`);
    return step;
  }

  environment(name: string): Environment {
    return this.environments.get(name) ?? newEnvironment(name);
  }

  /** Stages with their status, in one line. */
  statuses(id = 'release-1'): string {
    return this.run(id)
      .stages.map(({ name, status }) => `${name} ${status}`)
      .join(', ');
  }

  approve(stage: string, id = 'release-1', by = ALEX): string | null {
    const planHash = this.stage(stage, id).plan?.hash ?? '';
    return this.tell(id, { type: 'approval-granted', stage, planHash, by, comment: '' });
  }

  /** Takes messages to other runs, and asks for new runs, until none is left. Wake-ups and records stay. */
  passOn(): void {
    for (
      let index = this.effects.findIndex(isForRuns);
      index >= 0;
      index = this.effects.findIndex(isForRuns)
    ) {
      const [taken] = this.effects.splice(index, 1);
      if (taken?.effect.type === 'tell-run') this.tell(taken.effect.run, taken.effect.event);
      if (taken?.effect.type === 'start-run') this.tell(taken.effect.event.id, taken.effect.event);
    }
  }

  /** Takes the next message that asks for the step, and claims it. */
  claim(stage: string, step: string, id = 'release-1'): string | null {
    const { mode, after } = this.asked(stage, step, id);
    return this.tell(id, { type: 'step-claimed', stage, step, mode, after, by: 'worker' });
  }

  /** Claims a step and ends it with this result. */
  finish(stage: string, step: string, result: Untimed<RunEvent>, id = 'release-1'): string | null {
    this.claim(stage, step, id);
    return this.tell(id, {
      ...result,
      stage,
      step,
      claim: this.step(stage, step, id).claim,
    } as Untimed<RunEvent>);
  }

  /** Does every step that is asked for, well, until nothing more is asked; those named (`stage/step`) are left. */
  work(left: readonly string[] = []): void {
    for (;;) {
      this.passOn();
      const next = this.effects.find(
        ({ effect }) => effect.type === 'run-step' && !left.includes(`${effect.stage}/${effect.step}`),
      );
      if (next?.effect.type !== 'run-step') return;
      const { stage, step, mode, after } = next.effect;
      this.effects.splice(this.effects.indexOf(next), 1);
      if (this.tell(next.run, { type: 'step-claimed', stage, step, mode, after, by: 'worker' }) !== null)
        continue;
      const about = { stage, step, claim: this.step(stage, step, next.run).claim };
      this.tell(
        next.run,
        mode === 'plan' ? this.planned(about, next.run) : { type: 'step-succeeded', output: {}, ...about },
      );
    }
  }

  /** Two things to create, different for each release. */
  planned(about: { stage: string; step: string; claim: number }, id = 'release-1'): Untimed<RunEvent> {
    const digest = sha256(`${this.run(id).release.name} ${about.stage} ${about.step}`);
    return { type: 'step-planned', digest, changes: TWO_CREATES, withinApproved: false, ...about };
  }

  /** The message for a step that was asked for last; it is taken. */
  asked(stage: string, step: string, id = 'release-1'): RunStep {
    const found = this.effects.findLast(
      ({ run, effect }) =>
        run === id && effect.type === 'run-step' && effect.stage === stage && effect.step === step,
    );
    if (found?.effect.type !== 'run-step') throw new Error(`nobody asks for ${stage}/${step}`);
    this.effects.splice(this.effects.indexOf(found), 1);
    return found.effect;
  }

  /** Effects of a type that nobody has taken. */
  open<Type extends Effect['type']>(type: Type): Extract<Effect, { type: Type }>[] {
    return this.effects.flatMap(({ effect }) =>
      effect.type === type ? [effect as Extract<Effect, { type: Type }>] : [],
    );
  }

  private clock(): string {
    return new Date(this.at).toISOString().slice(11, 16);
  }
}

function isForRuns({ effect }: { readonly effect: Effect }): boolean {
  return effect.type === 'tell-run' || effect.type === 'start-run';
}

function describe(event: RunEvent): string {
  const where = 'stage' in event ? ` ${event.stage}${'step' in event ? `/${event.step}` : ''}` : '';
  const mode = event.type === 'step-claimed' ? ` to ${event.mode}` : '';
  const why = 'reason' in event ? ` (${event.reason})` : 'error' in event ? ` (${event.error})` : '';
  return `${event.type}${where}${mode}${why}`;
}

function changes(before: Run | null, after: Run): string[] {
  const lines = after.stages.flatMap((stage, index) => {
    const was = before?.stages[index]?.status;
    const note = stage.note === null ? '' : ` (${stage.note})`;
    return was === stage.status ? [] : [`${stage.name} is ${stage.status}${note}`];
  });
  if (before?.status !== after.status && after.status !== 'running') lines.push(`the run is ${after.status}`);
  return lines;
}
