import type { Draft } from './draft.ts';
import { draftOf, stageTurns, stepTurns } from './draft.ts';
import type { Effect } from './effects.ts';
import type { RunEvent } from './events.ts';
import { freezeEnd } from './explain.ts';
import { gateExpiresAt } from './gate.ts';
import { handle, whyTooLate } from './handlers.ts';
import type { Environment, Instant, Run, State } from './model.ts';
import { isEnded } from './model.ts';
import { newRun } from './new-run.ts';
import { isSame } from './same.ts';
import { endRun } from './stage-end.ts';
import { proceed } from './stages.ts';

/** What comes of an event: a new state with effects, or a reason why nothing does. */
export type Decision =
  | {
      readonly run: Run;
      /** Only the environments that changed. */
      readonly environments: readonly Environment[];
      readonly effects: readonly Effect[];
    }
  | { readonly ignored: string };

/**
 * The whole of Slipway's judgement: pure, without clock, ids or I/O. The same state and event always give the
 * same decision, so that it can be made again after a lost race, and proved by tests over random histories.
 */
export function decide(state: State, event: RunEvent): Decision {
  const { run, environments } = state;
  const current = run ?? (event.type === 'run-requested' ? newRun(event) : null);
  if (current === null) return { ignored: 'there is no such run' };
  const tooLate = run === null ? null : whyTooLate(run, event);
  if (tooLate !== null) return { ignored: tooLate };
  const draft = draftOf(current, environments, event.at);
  const refusal = run === null ? null : handle(draft, event);
  if (refusal !== null) return { ignored: refusal };
  proceed(draft);
  endRun(draft);
  askToBeWoken(draft);
  const asksOnly = event.type === 'time-passed' || event.type === 'environment-freed';
  if (asksOnly && nothingMoved(draft, state)) return { ignored: 'nothing is due' };
  return conclude(draft, state);
}

function conclude(draft: Draft, state: State): Decision {
  draft.run.version += 1;
  const environments = changedIn(draft, state).map((environment) => ({
    ...environment,
    version: environment.version + 1,
  }));
  return { run: draft.run, environments, effects: draft.effects.filter((effect) => isMeant(draft, effect)) };
}

/** A step that was asked for and withdrawn, or asked to stop, in the same decision needs no message. */
function isMeant({ run }: Draft, effect: Effect): boolean {
  if (effect.type !== 'run-step') return true;
  const stage = run.stages.find(({ name }) => name === effect.stage);
  const step = stage?.steps.find(({ name }) => name === effect.step);
  if (step?.mode !== effect.mode) return false;
  return step.status === 'pending' || step.status === 'waiting';
}

function changedIn(draft: Draft, state: State): Environment[] {
  return [...draft.environments.values()].filter(
    (environment) => state.environments.get(environment.name) !== environment,
  );
}

function nothingMoved(draft: Draft, state: State): boolean {
  if (draft.effects.length > 0 || changedIn(draft, state).length > 0) return false;
  return isSame(draft.run, state.run);
}

/** Keeps one wake-up under way for the earliest moment at which time alone changes something. */
function askToBeWoken(draft: Draft): void {
  const { run } = draft;
  if (run.status !== 'running') return;
  const due = dueTimes(draft);
  if (due.length === 0) return;
  const at = Math.max(Math.min(...due), draft.at);
  if (run.wakeAt !== null && run.wakeAt <= at) return;
  run.wakeAt = at;
  draft.effects.push({ type: 'wake-run', run: run.id, at });
}

/** Ends of leases, of gates and of freezes that hold a stage up. */
function dueTimes(draft: Draft): Instant[] {
  return stageTurns(draft.run)
    .filter(({ stage }) => !isEnded(stage.status))
    .flatMap((turn) => {
      const leases = stepTurns(turn)
        .filter(({ step }) => step.status === 'claimed')
        .map(({ step }) => step.dueAt);
      const gate =
        turn.stage.status === 'waiting-for-approval' ? gateExpiresAt(turn.stage, turn.definition.gate) : null;
      const thaw = freezeEnd(draft, turn);
      return [...leases, ...(gate === null ? [] : [gate]), ...(thaw === null ? [] : [thaw])];
    });
}
