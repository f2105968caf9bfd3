import { isDeepStrictEqual } from 'node:util';
import type { Decision } from '../../shared/release/decide.ts';
import { decide } from '../../shared/release/decide.ts';
import { explain } from '../../shared/release/explain.ts';
import type { Environment, Run, StageState } from '../../shared/release/model.ts';
import { isEnded } from '../../shared/release/model.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { Taken, Walk } from './walk.ts';

/** Something that every decision must keep. */
export interface Law {
  readonly name: string;
  /** What is wrong with the decision, or null. That decisions change nothing of their input is seen by their not failing: it is frozen. */
  broken(taken: Taken, walk: Walk): string | null;
}

type Made = Exclude<Decision, { ignored: string }>;

/** A law about decisions that changed something. */
function law(name: string, broken: (made: Made, taken: Taken, walk: Walk) => string | null): Law {
  return {
    name,
    broken: (taken, walk) => ('ignored' in taken.decision ? null : broken(taken.decision, taken, walk)),
  };
}

export const LAWS: readonly Law[] = [
  law('versions rise by one', ({ run, environments }, { state }) => {
    if (run.version !== (state.run?.version ?? 0) + 1) return `run ${run.version}`;
    const wrong = environments.find(
      ({ name, version }) => version !== (state.environments.get(name)?.version ?? 0) + 1,
    );
    return wrong === undefined ? null : `${wrong.name} ${wrong.version}`;
  }),
  law('a run that is over moves only by a retry', (_made, { state, event }) =>
    state.run === null || state.run.status === 'running' || event.type === 'retry-requested'
      ? null
      : state.run.status,
  ),
  law('a run is over exactly when all its stages are', ({ run }) => {
    const allEnded = run.stages.every(({ status }) => isEnded(status));
    return allEnded === (run.status !== 'running') ? null : run.status;
  }),
  law('a stage that is over stays so, but for a retry', ({ run }, { state, event }) => {
    if (event.type === 'retry-requested') return null;
    const moved = state.run?.stages.find(
      (before, index) =>
        isEnded(before.status) && before !== run.stages[index] && !same(before, run.stages[index]),
    );
    return moved === undefined ? null : moved.name;
  }),
  law(
    'claim numbers only rise, by one, and only by a claim or a message that is lost',
    ({ run }, { state, event }) => {
      for (const [stage, step, before] of stepsWithBefore(run, state.run)) {
        const rise = step.claim - before.claim;
        const used = event.type === 'step-claimed' || event.type === 'step-abandoned';
        const about = used && event.stage === stage.name && event.step === step.name;
        if (rise !== 0 && !(rise === 1 && about)) return `${stage.name}/${step.name} by ${rise}`;
      }
      return null;
    },
  ),
  law('a result counts only for the newest claim', (_made, { state, event }) => {
    if (!('claim' in event)) return null;
    const step = state.run?.stages
      .find(({ name }) => name === event.stage)
      ?.steps.find(({ name }) => name === event.step);
    return step?.status === 'claimed' && step.claim === event.claim ? null : `claim ${event.claim}`;
  }),
  law(
    'who waits for an environment or holds it is a run that is under way',
    (_made, _taken, { runs, environments }) => {
      for (const { name, lock, waiting } of environments.values()) {
        if (lock !== null && runs.get(lock.run)?.status !== 'running') return `${lock.run} holds ${name}`;
        const idle = waiting.find(({ run }) => runs.get(run)?.status !== 'running');
        if (idle !== undefined) return `${idle.run} waits for ${name}`;
      }
      return null;
    },
  ),
  law(
    'a stage that does not share its environment applies or verifies only while its run holds it',
    (_made, _taken, { runs, environments }) => {
      for (const run of runs.values()) {
        if (run.status !== 'running') continue;
        const at = run.stages.findIndex(
          (stage, index) => isAtWork(stage) && !holdsLock(run, index, environments),
        );
        if (at >= 0) return `${run.id}/${run.stages[at]?.name}`;
      }
      return null;
    },
  ),
  law('a run stands at most once in a queue', ({ environments }) => {
    const twice = environments.find(
      ({ waiting }) => new Set(waiting.map(({ run }) => run)).size < waiting.length,
    );
    return twice === undefined ? null : twice.name;
  }),
  law('steps are asked for only in stages that are under way', ({ run, effects }) => {
    for (const effect of effects) {
      if (effect.type !== 'run-step') continue;
      const stage = run.stages.find(({ name }) => name === effect.stage);
      if (stage === undefined || isEnded(stage.status)) return `${effect.stage}/${effect.step}`;
    }
    return null;
  }),
  law('nothing is applied in a gated stage without its approval', ({ run, effects }) => {
    for (const effect of effects) {
      if (effect.type !== 'run-step' || effect.mode !== 'apply') continue;
      const index = run.stages.findIndex(({ name }) => name === effect.stage);
      const stage = run.stages[index];
      const definition = run.pipeline.stages[index];
      if (stage === undefined || definition === undefined) return effect.stage;
      const {
        create,
        update,
        delete: deletes,
        run: runs,
      } = stage.plan?.changes ?? { create: 1, update: 0, delete: 0, run: 0 };
      const needed = create + update + deletes + runs > 0 || definition.steps.some(({ plans }) => !plans);
      if (definition.gate.approvals > 0 && needed && stage.approved === null) return effect.stage;
    }
    return null;
  }),
  law('the requester of a run is not among those who approved it', ({ run }) =>
    run.stages.some(({ approvals }) => approvals.some(({ by }) => by.id === run.requestedBy.id))
      ? 'is'
      : null,
  ),
  law(
    'after a cancel nothing new is planned or applied, but for what goes on outside',
    ({ run, effects }, { state }) => {
      if (state.run === null || state.run.cancelled === null) return null;
      const begun = effects.find(
        (effect) =>
          effect.type === 'run-step' &&
          effect.mode !== 'cancel' &&
          stepOf(run, effect.stage, effect.step)?.memo === null,
      );
      return begun === undefined ? null : JSON.stringify(begun);
    },
  ),
  law('whoever runs a step is asked for at the end of its lease, or before', ({ run }, { event }) => {
    const leases = run.stages.flatMap(({ steps }) => steps.filter(({ status }) => status === 'claimed'));
    const ends = leases.map(({ dueAt }) => Math.max(dueAt, event.at));
    if (run.status !== 'running' || ends.length === 0) return null;
    return run.wakeAt !== null && run.wakeAt <= Math.min(...ends) ? null : `${run.wakeAt}`;
  }),
  law('each stage and round that began has one completion record', ({ run, effects }, { state }) => {
    const ended = run.stages.filter(
      (stage, index) =>
        stage.endedAt !== null && stage.startedAt !== null && hasJustEnded(stage, state.run?.stages[index]),
    );
    const records = effects.filter(
      (effect) => effect.type === 'track-record' && effect.name === 'deployment_stage_completed',
    );
    const began = ended.filter(({ status }) => status !== 'skipped');
    return state.run === null || records.length === began.length
      ? null
      : `${records.length} for ${began.length} stages`;
  }),
];

/** Laws that cost more than a decision; held over fewer of them. */
export const RARE_LAWS: readonly Law[] = [
  {
    name: 'the same state and event give the same decision',
    broken: ({ state, event, decision }) =>
      isDeepStrictEqual(decide(state, event), decision) ? null : event.type,
  },
  law('an event that comes twice changes nothing the second time', (made, { state, event }) => {
    if (event.type === 'time-passed' && event.wake !== null && event.at < event.wake) return null;
    const environments = new Map(state.environments);
    for (const environment of made.environments) environments.set(environment.name, environment);
    const again = decide({ run: deepFreeze(made.run), environments }, event);
    return 'ignored' in again ? null : `${event.type} ${JSON.stringify(again.effects)}`;
  }),
  law('what is stored survives JSON', ({ run, environments, effects }) => {
    const stored = { run: { ...run, pipeline: null }, environments, effects };
    return survivesJson(run.pipeline) && survivesJson(stored) ? null : 'differs';
  }),
  law(
    'a run that is under way has a message on its way, a time to wake up, or can say whom it waits for',
    ({ run }, { event }, { environments }) => {
      if (run.status !== 'running' || run.wakeAt !== null) return null;
      const steps = run.stages.flatMap(({ steps: all }) =>
        all.filter(({ status }) => status === 'pending' || status === 'waiting'),
      );
      return steps.length > 0 || explain(run, environments, event.at).length > 0 ? null : 'nothing';
    },
  ),
];

/** What is frozen is looked at once: pipelines are large, and the same ones for a whole walk. */
const SURVIVORS = new WeakSet();

function survivesJson(value: object): boolean {
  if (SURVIVORS.has(value)) return true;
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value)) return false;
  if (Object.isFrozen(value)) SURVIVORS.add(value);
  return true;
}

function hasJustEnded(stage: StageState, before: StageState | undefined): boolean {
  return before === undefined || before.endedAt !== stage.endedAt || before.round !== stage.round;
}

function isAtWork({ status, underLock }: StageState): boolean {
  return status === 'applying' || status === 'verifying' || (status === 'planning' && underLock);
}

function holdsLock(run: Run, index: number, environments: ReadonlyMap<string, Environment>): boolean {
  const definition = run.pipeline.stages[index];
  const name = definition?.sharesEnvironment === true ? null : (definition?.environment ?? null);
  return name === null || environments.get(name)?.lock?.run === run.id;
}

function stepOf(run: Run, stage: string, step: string) {
  return run.stages.find(({ name }) => name === stage)?.steps.find(({ name }) => name === step);
}

function* stepsWithBefore(run: Run, before: Run | null) {
  for (const [index, stage] of run.stages.entries()) {
    for (const [position, step] of stage.steps.entries()) {
      const was = before?.stages[index]?.steps[position];
      if (was !== undefined) yield [stage, step, was] as const;
    }
  }
}

function same(left: StageState, right: StageState | undefined): boolean {
  return isDeepStrictEqual(left, right);
}
