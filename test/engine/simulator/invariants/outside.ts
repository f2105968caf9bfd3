import type { RunEvent } from '../../../../shared/release/events.ts';
import type { Run, StageState } from '../../../../shared/release/model.ts';
import type { StageDefinition } from '../../../../shared/release/pipeline.ts';
import { contentFor } from '../kinds.ts';
import type { OutsideEffect } from '../outside.ts';
import type { History } from '../play.ts';
import { effectsOf, eventsOf, roundAt, rowsOf } from './rows.ts';

/** A stage that has succeeded, and so what it deployed. */
interface Success {
  readonly run: Run;
  readonly definition: StageDefinition;
  readonly state: StageState;
  readonly endedAt: number;
}

/** I3: every environment holds what was deployed there last, and says so. */
export function finalState(history: History): string[] {
  const found: string[] = [];
  const environments = new Map<string, Success>();
  const stages = new Map<string, Success>();
  for (const success of successes(history)) {
    const environment = `${success.run.project}/${success.definition.environment}`;
    environments.set(environment, success);
    stages.set(`${environment}/${success.definition.name}`, success);
  }
  for (const [environment, { run }] of environments) {
    const [project = '', name = ''] = environment.split('/');
    const live = history.world.store.partition(project).environments.get(name)?.value.live?.release;
    if (live !== run.release.name) found.push(`I3 ${environment}: ${live} is live, not ${run.release.name}`);
  }
  for (const success of stages.values()) found.push(...differences(history, success));
  return found;
}

/** In the order of their ends. */
function successes({ runs }: History): Success[] {
  const all = runs.flatMap((run) =>
    run.pipeline.stages.flatMap((definition, index) => {
      const state = run.stages[index];
      const deploys =
        definition.environment !== null && definition.steps.some(({ phase }) => phase === 'apply');
      if (!deploys || state?.status !== 'succeeded') return [];
      return [{ run, definition, state, endedAt: state.endedAt ?? 0 }];
    }),
  );
  return all.sort((left, right) => left.endedAt - right.endedAt);
}

/** Targets that do not hold what the stage deployed, unless a later run has put something else there. */
function differences({ outside }: History, { run, definition, state, endedAt }: Success): string[] {
  return definition.steps.flatMap(({ input }, index) => {
    const status = state.steps[index]?.status;
    const names = Array.isArray(input.targets) ? input.targets.map(String) : [];
    if (status !== 'succeeded' && status !== 'unchanged') return [];
    return names.flatMap((name) => {
      const target = `${run.project}/${definition.environment}/${name}`;
      const last = outside.effects.findLast((effect) => effect.target === target);
      const replaced = last !== undefined && last.run !== run.id && last.at > endedAt;
      const differs = outside.targets.get(target) !== contentFor(run.release.name, name);
      return differs && !replaced ? [`I3 ${target} is not that of ${run.release.name}`] : [];
    });
  });
}

/** I3: no effect of a step after a step that comes after it has begun. */
export function order(history: History): string[] {
  return history.runs.flatMap((run) => {
    const events = eventsOf(history, run);
    const effects = effectsOf(history, run).map((effect) => ({
      ...effect,
      round: roundAt(events, effect.at),
    }));
    return run.pipeline.stages.flatMap((stage) => {
      const ours = effects.filter((effect) => effect.stage === stage.name && effect.action !== 'cancel');
      return ours.flatMap((effect, index) => {
        const overtaken = ours
          .slice(0, index)
          .some((earlier) => earlier.round === effect.round && comesBefore(stage, effect.step, earlier.step));
        return overtaken
          ? [`I3 ${run.id}/${stage.name}: ${effect.step} did something after a later step`]
          : [];
      });
    });
  });
}

function comesBefore(stage: StageDefinition, name: string, later: string): boolean {
  const step = stage.steps.find((each) => each.name === later);
  const first = stage.steps.find((each) => each.name === name);
  if (step === undefined || first === undefined || name === later) return false;
  if (first.phase === 'apply' && step.phase === 'verify') return true;
  return step.after.some((before) => before === name || comesBefore(stage, name, before));
}

/**
 * I3: between the first and the last thing that a stage does to an environment, no other run does anything there.
 * Stages that share their environment neither keep others out nor are kept out.
 */
export function oneRunAtATime(history: History): string[] {
  const rounds = new Map(history.runs.map((run) => [`${run.project}/${run.id}`, eventsOf(history, run)]));
  const spans = new Map<string, { first: OutsideEffect; last: OutsideEffect }>();
  for (const effect of history.outside.effects.filter((each) => !isShared(history, each))) {
    const events = rounds.get(`${effect.project}/${effect.run}`) ?? [];
    const key = `${effect.project}/${effect.run}/${effect.stage}/${roundAt(events, effect.at)}`;
    const span = spans.get(key);
    if (span === undefined) spans.set(key, { first: effect, last: effect });
    else span.last = effect;
  }
  const all = [...spans.values()];
  return all.flatMap(({ first, last }) =>
    all
      .filter(
        ({ first: other }) => other.environment === first.environment && other.project === first.project,
      )
      .filter(({ first: other }) => other.run !== first.run && other.at >= first.at && other.at <= last.at)
      .map(({ first: other }) => `I3 ${other.run} and ${first.run} change ${first.environment} at once`),
  );
}

function isShared({ runs }: History, { project, run, stage }: OutsideEffect): boolean {
  const its = runs.find((each) => each.project === project && each.id === run);
  return (
    its?.pipeline.stages.some(({ name, sharesEnvironment }) => name === stage && sharesEnvironment) ?? false
  );
}

/** I3: once another execution has acted for a step, the earlier one never does again. */
export function oneRunnerAtATime({ outside }: History): string[] {
  const runners = new Map<string, string[]>();
  const found: string[] = [];
  for (const { project, run, stage, step, invocation } of outside.effects) {
    const key = `${project}/${run}/${stage}/${step}`;
    const seen = runners.get(key) ?? [];
    if (seen.includes(invocation) && seen.at(-1) !== invocation)
      found.push(`I3 ${run}/${stage}/${step} is run by two functions at once`);
    if (seen.at(-1) !== invocation) runners.set(key, [...seen, invocation]);
  }
  return found;
}

/** I4: one remote run a step and round; none for a step that has passed, unless the environment changed since. */
export function remoteRuns(history: History): string[] {
  return history.runs.flatMap((run) => {
    const rows = rowsOf(history, run.project, run.id);
    const events = rows.map(({ event }) => event as RunEvent);
    const starts = effectsOf(history, run).filter(({ action }) => action === 'start');
    return starts.flatMap((start, index) => {
      const where = `${run.id}/${start.stage}/${start.step}`;
      const earlier = starts
        .slice(0, index)
        .filter(({ stage, step }) => stage === start.stage && step === start.step);
      if (earlier.some(({ at }) => roundAt(events, at) === roundAt(events, start.at)))
        return [`I4 ${where} was started twice`];
      const passed = rows.findLast(
        ({ event, committedAt }) =>
          event.type === 'step-succeeded' &&
          event.stage === start.stage &&
          event.step === start.step &&
          committedAt < start.at,
      );
      const last = earlier.at(-1);
      const stands = passed !== undefined && last !== undefined && last.at < passed.committedAt;
      if (!stands || changedSince(history, roundStart(events, last.at), start)) return [];
      return wasStopped(history, last) ? [] : [`I4 ${where} was started again although it had passed`];
    });
  });
}

/** When the round began in which something happened. */
function roundStart(events: readonly RunEvent[], at: number): number {
  return events.findLast((event) => event.type === 'retry-requested' && event.at <= at)?.at ?? 0;
}

function wasStopped({ outside }: History, { target }: OutsideEffect): boolean {
  return outside.remoteRuns.get(target)?.cancelled === true;
}

/** Whether another stage or run has done something to the environment since then. */
function changedSince({ outside }: History, since: number, to: OutsideEffect): boolean {
  return outside.effects.some(
    ({ at, project, environment, run, stage }) =>
      at > since &&
      at < to.at &&
      project === to.project &&
      environment === to.environment &&
      (run !== to.run || stage !== to.stage),
  );
}
