import { CANCEL_WATCH_IN_MS } from '../../../../shared/engine/watch-for-cancel.ts';
import type { RunEvent } from '../../../../shared/release/events.ts';
import type { Freeze, Run } from '../../../../shared/release/model.ts';
import { REMOTE_RUN_TAKES_IN_MS } from '../kinds.ts';
import type { OutsideEffect } from '../outside.ts';
import type { History } from '../play.ts';
import type { Verdict } from './approved-plans.ts';
import { verdictsOf } from './approved-plans.ts';
import { effectsOf, environmentEvents, eventsOf, roundAt, rowsOf } from './rows.ts';
import type { Expectation } from './violations.ts';

/** From the look at the run's row to the next thing that a step does: one call outside. */
const NOTICE_IN_MS = 2_000;
/** A fault may keep the look, or the thing itself, waiting. */
const SLOW_CALL_IN_MS = 50_000;

/** I5: in a gated stage nothing happens but what somebody allowed has approved; after a rejection nothing at all. */
export function approvals(history: History, { scenario }: Expectation): string[] {
  const gated = scenario.pipeline.stages.filter(({ gate }) => gate.approvals > 0).map(({ name }) => name);
  return history.runs
    .filter(({ kind }) => kind === 'release')
    .flatMap((run) => gated.flatMap((stage) => ofGate(history, run, stage)));
}

function ofGate(history: History, run: Run, stage: string): string[] {
  const effects = effectsOf(history, run).filter(
    (effect) => effect.stage === stage && effect.action !== 'cancel',
  );
  if (effects.length === 0) return [];
  const verdicts = verdictsOf(history, run, stage);
  return effects.flatMap((effect) => {
    const problem = problemOf(effect, {
      before: verdicts.filter(({ at }) => at <= effect.at),
      round: roundAt(eventsOf(history, run), effect.at),
    });
    return problem === null ? [] : [`I5 ${run.id}/${stage}: ${effect.target} ${problem}`];
  });
}

function problemOf(
  { action, target, content }: OutsideEffect,
  { before, round }: { readonly before: readonly Verdict[]; readonly round: number },
): string | null {
  if (before.some(({ granted }) => !granted)) return 'after the rejection';
  if (before.length === 0) return 'before its approval';
  if (action !== 'put') return null;
  // In a later round, a part of a plan that was approved before needs no approval of its own.
  const counting = round === 0 ? before.slice(-1) : before;
  return counting.some(({ plan }) => plan.has(`${target} ${content}`)) ? null : 'is not in the approved plan';
}

/** I5: once its run is cancelled, a step goes on for as long as it takes to notice, and no longer. */
export function cancels(history: History, { faults }: Expectation): string[] {
  return history.runs.flatMap((run) => {
    const cancel = rowsOf(history, run.project, run.id).find(
      ({ event }) => event.type === 'cancel-requested',
    );
    if (cancel === undefined) return [];
    const lastAllowed = cancel.committedAt + CANCEL_WATCH_IN_MS + NOTICE_IN_MS + faults * SLOW_CALL_IN_MS;
    return effectsOf(history, run)
      .filter(({ askedAt, action }) => action !== 'cancel' && askedAt > lastAllowed)
      .map(({ stage, target }) => `I5 ${run.id}/${stage}: ${target} after the cancel`);
  });
}

/** I5: when a cancelled run is over, nothing that it started outside goes on, unless it could not be stopped. */
export function leftovers(history: History): string[] {
  return history.runs.flatMap((run) => {
    if (run.status !== 'cancelled') return [];
    return effectsOf(history, run).flatMap(({ action, target, stage, step }) => {
      const remote = action === 'start' ? history.outside.remoteRuns.get(target) : undefined;
      const stopped = run.stages.find(({ name }) => name === stage)?.steps.find(({ name }) => name === step);
      const tried = stopped?.status === 'failed' || stopped?.status === 'succeeded';
      const lasted = (run.endedAt ?? 0) - (remote?.startedAt ?? 0);
      const isOver = remote === undefined || remote.cancelled || tried || lasted >= REMOTE_RUN_TAKES_IN_MS;
      return isOver ? [] : [`I5 ${run.id}/${stage}/${step}: ${target} goes on after the cancel`];
    });
  });
}

/** I5: no stage asks to begin in an environment that is frozen by then. One that had begun before goes on. */
export function freezes(history: History): string[] {
  return history.runs.flatMap((run) => {
    const rows = rowsOf(history, run.project, run.id);
    const events = rows.map(({ event }) => event as RunEvent);
    return effectsOf(history, run).flatMap((effect) => {
      if (effect.action !== 'put' || run.overridesFreeze) return [];
      const round = roundAt(events, effect.at);
      const begins = rows.filter(
        ({ event, committedAt }) =>
          event.type === 'step-claimed' &&
          event.mode === 'apply' &&
          event.stage === effect.stage &&
          roundAt(events, committedAt) === round,
      );
      const frozen = freezesAt(history, effect).some(
        ({ from, to }) =>
          effect.at >= from && effect.at < to && !begins.some(({ event }) => event.at <= from),
      );
      return frozen ? [`I5 ${run.id}/${effect.stage} begins although ${effect.environment} is frozen`] : [];
    });
  });
}

/** The freezes that people had set by then, and not lifted. One counts from when it was set, if it began before. */
function freezesAt(
  history: History,
  { project, environment, at }: OutsideEffect,
): Pick<Freeze, 'from' | 'to'>[] {
  const standing = new Map<string, Pick<Freeze, 'from' | 'to'>>();
  for (const { event, committedAt } of environmentEvents(history, project, environment ?? '')) {
    if (committedAt > at) continue;
    if (event.type === 'freeze-set') {
      const { id, from, to } = event;
      standing.set(id, { from: Math.max(from, committedAt), to });
    }
    if (event.type === 'freeze-lifted') standing.delete(event.id);
  }
  return [...standing.values()];
}
