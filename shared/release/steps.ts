import type { Draft, StageTurn, StepTurn } from './draft.ts';
import { stepTurns } from './draft.ts';
import type { StepMode, StepState } from './model.ts';
import type { ChangeCounts } from './plan.ts';
import { planHash, totalOf } from './plan.ts';
import { delayAfter } from './retry.ts';
import { stepKey } from './step-key.ts';

/** Asks for a step: the first attempt in a mode. */
export function askFor(draft: Draft, stepTurn: StepTurn, mode: StepMode): void {
  const { step } = stepTurn;
  step.mode = mode;
  step.attempt = 1;
  step.failures = 0;
  if (mode !== 'cancel') step.memo = null;
  step.error = null;
  sendMessage(draft, stepTurn, draft.at);
}

function sendMessage(draft: Draft, { turn, step }: StepTurn, at: number): void {
  step.status = 'pending';
  step.dueAt = at;
  const notBefore = at > draft.at ? at : null;
  draft.effects.push({
    type: 'run-step',
    run: draft.run.id,
    stage: turn.stage.name,
    step: step.name,
    mode: step.mode,
    after: step.claim,
    notBefore,
  });
}

/** The step waits for something outside and is asked again at `until`. */
export function askAgain(draft: Draft, stepTurn: StepTurn, until: number): void {
  sendMessage(draft, stepTurn, Math.max(until, draft.at));
  stepTurn.step.status = 'waiting';
}

/** Asks once more for steps whose message has not come although its time is long past. */
export function askForOverdue(draft: Draft, turn: StageTurn, overdueInMs: number): void {
  for (const stepTurn of stepTurns(turn)) {
    const { step } = stepTurn;
    const { status, dueAt } = step;
    if ((status !== 'pending' && status !== 'waiting') || dueAt + overdueInMs > draft.at) continue;
    sendMessage(draft, stepTurn, draft.at);
    step.status = status;
  }
}

/** A technical failure: another attempt after a delay, or the end of the step. Nobody waits for one of a cancelled run. */
export function failAttempt(draft: Draft, stepTurn: StepTurn, error: string): void {
  const { turn, step, definition } = stepTurn;
  step.error = error;
  step.failures += 1;
  const delay = delayAfter(definition.retry, step.failures, stepKey(draft.run.id, turn.stage, step.name));
  const isPointless = draft.run.cancelled !== null && step.mode === 'apply';
  if (delay === null || isPointless)
    return giveUp(draft, stepTurn, `${error} (attempt ${step.attempt}, the last one)`);
  step.attempt += 1;
  sendMessage(draft, stepTurn, draft.at + delay);
}

/** The end of a step for technical reasons. What it may have started outside is stopped before its stage ends. */
export function giveUp(draft: Draft, stepTurn: StepTurn, reason: string): void {
  const { step, definition } = stepTurn;
  failStep(stepTurn, { definite: false, reason });
  if (step.mode !== 'apply' || !definition.cancels) return;
  askFor(draft, stepTurn, 'cancel');
  step.error = reason;
}

/** The end of a step that cannot be done. Unless it is allowed to fail, its stage fails with it. */
export function failStep(
  { turn, step, definition }: StepTurn,
  { definite, reason }: { readonly definite: boolean; readonly reason: string },
): void {
  const { stage } = turn;
  step.status = 'failed';
  step.error = reason;
  const planning = step.mode === 'plan';
  if ((definition.allowFailure && !planning) || stage.failure !== null || step.mode === 'cancel') return;
  stage.failure = { step: step.name, phase: planning ? 'plan' : definition.phase, definite, reason };
}

const LEASE_OVER = 'the function that ran the step gave no result before its lease ended';

/** Steps whose lease is over although they gave no result: their function died, or took too long. */
export function takeBackLostClaims(draft: Draft, turn: StageTurn): void {
  for (const stepTurn of stepTurns(turn)) {
    const { step } = stepTurn;
    if (step.status === 'claimed' && draft.at >= step.dueAt) failAttempt(draft, stepTurn, LEASE_OVER);
  }
}

/** Whether a function runs the step now, or something that it started outside may still be going on. */
export function isInFlight(step: StepState): boolean {
  if (step.status === 'claimed' || step.status === 'waiting') return true;
  return step.status === 'pending' && step.mode !== 'plan' && (step.memo !== null || step.mode === 'cancel');
}

/** Whether what comes after the step in its stage may start. */
export function isSettled({ step, definition }: StepTurn): boolean {
  if (step.status === 'succeeded' || step.status === 'unchanged') return true;
  return step.status === 'failed' && definition.allowFailure;
}

/**
 * Whether the step may have started something outside that still goes on. After an attempt that gave no result,
 * nobody knows: the function may have died right after its request.
 */
export function mayHaveStarted({ step, definition }: StepTurn): boolean {
  if (step.mode !== 'apply' || !definition.cancels) return false;
  return step.status === 'waiting' || (step.status === 'pending' && (step.memo !== null || step.attempt > 1));
}

/** An attempt of a cancelled run that is still to come is not waited for. */
export function letGo({ step }: StepTurn): void {
  if (step.mode === 'apply' && step.status === 'pending') step.status = 'idle';
}

/** Messages of steps that no function has taken yet lose their meaning. */
export function withdraw(turn: StageTurn): void {
  for (const stepTurn of stepTurns(turn)) {
    const { step } = stepTurn;
    if (step.status === 'pending' && !isInFlight(step) && !mayHaveStarted(stepTurn)) step.status = 'idle';
  }
}

/** Asks for the plans of all steps that can plan and are not done yet. */
export function askForPlans(draft: Draft, turn: StageTurn): void {
  for (const stepTurn of stepTurns(turn)) {
    const { step, definition } = stepTurn;
    if (step.status === 'succeeded') continue;
    step.plan = null;
    step.withinApproved = false;
    step.status = 'idle';
    if (definition.plans) askFor(draft, stepTurn, 'plan');
  }
}

/** The plan of the stage once every step has planned; null before. */
export function plannedChanges(
  turn: StageTurn,
): { readonly hash: string; readonly changes: ChangeCounts } | null {
  const planning = stepTurns(turn).filter(
    ({ step, definition }) => definition.plans && step.status !== 'succeeded',
  );
  if (planning.some(({ step }) => step.status !== 'planned')) return null;
  const changes = { create: 0, update: 0, delete: 0, run: 0 };
  const digests: { name: string; digest: string }[] = [];
  for (const { step } of planning) {
    if (step.plan === null) return null;
    digests.push({ name: step.name, digest: step.plan.digest });
    for (const action of ['create', 'update', 'delete', 'run'] as const)
      changes[action] += step.plan.changes[action];
  }
  return { hash: planHash(digests), changes };
}

/** Asks for every step of the phase whose turn has come; those with nothing to change are passed over. */
export function askForReadySteps(draft: Draft, turn: StageTurn, phase: 'apply' | 'verify'): void {
  const turns = stepTurns(turn);
  for (const stepTurn of turns) {
    const { step, definition } = stepTurn;
    if (definition.phase !== phase || (step.status !== 'idle' && step.status !== 'planned')) continue;
    const before = turns.filter((other) => definition.after.includes(other.step.name));
    if (!before.every(isSettled)) continue;
    if (definition.plans && !definition.appliesUnchanged && totalOf(step.plan?.changes ?? NOTHING) === 0) {
      step.status = 'unchanged';
      continue;
    }
    askFor(draft, stepTurn, 'apply');
  }
}

const NOTHING: ChangeCounts = { create: 0, update: 0, delete: 0, run: 0 };
