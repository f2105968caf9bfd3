import type { Draft, StageTurn, StepTurn } from './draft.ts';
import { changeInventory, findStage, stepTurns } from './draft.ts';
import type { StepAbandoned, StepClaimed, StepPlanned, StepResult } from './events.ts';
import type { Inventory, StepState } from './model.ts';
import { isEnded } from './model.ts';
import { lockedBy } from './pipeline.ts';
import { totalOf } from './plan.ts';
import { isFrozenFor, stepBack } from './stages.ts';
import { askAgain, failAttempt, failStep, giveUp } from './steps.ts';

/** A stage and one of its steps. */
interface Found {
  readonly turn: StageTurn;
  readonly stepTurn: StepTurn;
}

function find(
  draft: Draft,
  { stage, step }: { readonly stage: string; readonly step: string },
): Found | string {
  const turn = findStage(draft.run, stage);
  const stepTurn = turn && stepTurns(turn).find((each) => each.step.name === step);
  if (turn === undefined || stepTurn === undefined) return `run ${draft.run.id} has no step ${stage}/${step}`;
  return isEnded(turn.stage.status) ? `stage ${stage} is over: ${turn.stage.status}` : { turn, stepTurn };
}

/**
 * Gives the step to one function for the length of a lease, under the next claim number. A message that is
 * delivered twice, or that an earlier claim made meaningless, gets nothing.
 * @returns why the claim is not given, or null when the state changed (which may also be a step back for a freeze).
 */
export function claim(draft: Draft, event: StepClaimed): string | null {
  const found = find(draft, event);
  if (typeof found === 'string') return found;
  const { turn, stepTurn } = found;
  const { step, definition } = stepTurn;
  if (step.status !== 'pending' && step.status !== 'waiting') return `step ${step.name} is ${step.status}`;
  if (step.claim !== event.after || step.mode !== event.mode)
    return `step ${step.name} was asked for anew since`;
  const locked = lockedBy(turn.definition);
  const begins = step.mode === 'apply' && turn.stage.applyBegunAt === null;
  if (begins && locked !== null && isFrozenFor(draft, turn, locked)) {
    stepBack(draft, turn, locked);
    return null;
  }
  if (begins) turn.stage.applyBegunAt = event.at;
  if (step.mode === 'apply') noteUncertain(draft, turn, step);
  step.status = 'claimed';
  step.claim += 1;
  step.claimedBy = event.by;
  step.dueAt = event.at + definition.leaseInMs;
  return null;
}

/** From now on until its success is known, what the step's plan touches may be old or new. */
function noteUncertain(draft: Draft, turn: StageTurn, { name, plan }: StepState): void {
  if (plan === null || totalOf(plan.changes) === 0) return;
  const change = (inventory: Inventory): Inventory => {
    if (inventory.uncertain.includes(plan.digest)) return inventory;
    return { ...inventory, uncertain: [...inventory.uncertain, plan.digest] };
  };
  changeInventory(draft, turn, { step: name, change });
}

/** Takes the result of the newest claim; one of an older claim counts for nothing. */
export function takeResult(draft: Draft, event: StepResult): string | null {
  const found = find(draft, event);
  if (typeof found === 'string') return found;
  const { turn, stepTurn } = found;
  const { step } = stepTurn;
  if (step.status !== 'claimed' || step.claim !== event.claim) {
    return `claim ${event.claim} of step ${step.name} is over (now ${step.status}, claim ${step.claim})`;
  }
  step.claimedBy = null;
  switch (event.type) {
    case 'step-planned':
      return takePlan(stepTurn, event);
    case 'step-succeeded':
      step.status = step.mode === 'cancel' ? 'failed' : 'succeeded';
      step.output = { ...event.output };
      step.memo = null;
      noteInventory(draft, turn, stepTurn.step);
      return null;
    case 'step-waited':
      // A look at something that goes on; the first wait after a start proves nothing yet.
      if (step.memo !== null && event.memo !== null) step.failures = 0;
      step.memo = event.memo;
      askAgain(draft, stepTurn, event.until);
      return null;
    case 'step-refused':
      step.memo = null;
      failStep(stepTurn, { definite: event.provesNothing !== true, reason: event.reason });
      return null;
    case 'step-failed':
      failAttempt(draft, stepTurn, event.error);
      return null;
  }
}

/** A step that says what it has put there (`inventory` in its output) settles what was uncertain. */
function noteInventory(draft: Draft, turn: StageTurn, { name, mode, output }: StepState): void {
  const { inventory } = output;
  if (mode !== 'apply' || typeof inventory !== 'string') return;
  changeInventory(draft, turn, { step: name, change: () => ({ digest: inventory, uncertain: [] }) });
}

function takePlan({ step }: StepTurn, event: StepPlanned): null {
  step.status = 'planned';
  step.plan = { digest: event.digest, changes: event.changes };
  step.withinApproved = event.withinApproved;
  return null;
}

/** The message that asked for the step was dead-lettered, so nobody else will ask. */
export function abandon(draft: Draft, event: StepAbandoned): string | null {
  const found = find(draft, event);
  if (typeof found === 'string') return found;
  const { stepTurn } = found;
  const { step } = stepTurn;
  if ((step.status !== 'pending' && step.status !== 'waiting') || step.claim !== event.after) {
    return `step ${step.name} goes on without the dead-lettered message`;
  }
  // The number of the dead message is used up: told of a second time, it does not end what is asked for now.
  step.claim += 1;
  giveUp(draft, stepTurn, event.reason);
  return null;
}
