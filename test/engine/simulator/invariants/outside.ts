import type { Run } from '../../../../shared/release/model.ts';
import type { StageDefinition } from '../../../../shared/release/pipeline.ts';
import { contentFor } from '../kinds.ts';
import type { OutsideEffect } from '../outside.ts';
import type { History } from '../play.ts';
import { effectsOf, eventsOf, roundAt } from './rows.ts';

/** I3: every environment holds what its live release consists of, unless a later run left it half done. */
export function finalState(history: History): string[] {
  const { world, outside, runs } = history;
  const found: string[] = [];
  for (const [project, { environments }] of world.store.partitions) {
    for (const { value } of environments.values()) {
      const { name, live } = value;
      const run = runs.find((each) => each.id === live?.run && each.project === project);
      const last = outside.effects.findLast(
        (effect) => effect.environment === name && effect.project === project && effect.action === 'put',
      );
      if (live === null || run === undefined) continue;
      if (last !== undefined && last.run !== live.run) {
        const later = runs.find((each) => each.id === last.run && each.project === project);
        if (later !== undefined && deployed(later, name))
          found.push(`I3 ${name}: ${later.id} came last but is not live`);
        continue;
      }
      for (const target of targetsIn(run, name)) {
        const wanted = contentFor(live.release, target);
        if (outside.targets.get(`${project}/${name}/${target}`) !== wanted)
          found.push(`I3 ${name}/${target} is not that of ${live.release}`);
      }
    }
  }
  return found;
}

/** Whether every stage of the run that deploys to the environment has succeeded. */
function deployed(run: Run, environment: string): boolean {
  return run.pipeline.stages.every((definition, index) => {
    const deploys =
      definition.environment === environment && definition.steps.some(({ phase }) => phase === 'apply');
    return !deploys || run.stages[index]?.status === 'succeeded';
  });
}

/** Targets of the steps that the run has done in the environment. */
function targetsIn(run: Run, environment: string): string[] {
  return run.pipeline.stages.flatMap((stage, index) => {
    if (stage.environment !== environment) return [];
    return stage.steps.flatMap(({ input }, position) => {
      const status = run.stages[index]?.steps[position]?.status;
      const done = status === 'succeeded' || status === 'unchanged';
      return done && Array.isArray(input.targets) ? input.targets.map(String) : [];
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

/** I3: between the first and the last thing that a stage does to an environment, no other run does anything there. */
export function oneRunAtATime(history: History): string[] {
  const rounds = new Map(history.runs.map((run) => [`${run.project}/${run.id}`, eventsOf(history, run)]));
  const spans = new Map<string, { first: OutsideEffect; last: OutsideEffect }>();
  for (const effect of history.outside.effects) {
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

/** I4: one remote run a step and round; none for a step that has passed, unless others changed the environment since. */
export function remoteRuns(history: History): string[] {
  return history.runs.flatMap((run) => {
    const events = eventsOf(history, run);
    const starts = effectsOf(history, run).filter(({ action }) => action === 'start');
    return starts.flatMap((start, index) => {
      const earlier = starts
        .slice(0, index)
        .filter(({ stage, step }) => stage === start.stage && step === start.step);
      const again = earlier.some(({ at }) => roundAt(events, at) === roundAt(events, start.at));
      const where = `${run.id}/${start.stage}/${start.step}`;
      if (again) return [`I4 ${where} was started twice`];
      const passed = earlier.some((each) => isPassed(history, each) && !changedSince(history, each, start));
      return passed ? [`I4 ${where} was started again although it had passed`] : [];
    });
  });
}

function isPassed({ outside }: History, { target }: OutsideEffect): boolean {
  const remote = outside.remoteRuns.get(target);
  return remote?.passes === true && !remote.cancelled;
}

function changedSince({ outside }: History, from: OutsideEffect, to: OutsideEffect): boolean {
  return outside.effects.some(
    ({ at, project, environment, run }) =>
      at > from.at &&
      at < to.at &&
      project === to.project &&
      environment === to.environment &&
      run !== to.run,
  );
}
