import type { Draft, StageTurn } from './draft.ts';
import { environmentDefinition, environmentOf, stageTurns, stepTurns } from './draft.ts';
import { ignoresFreezes, joinQueue, leaveQueue, releaseLock, requestLock } from './environment-lock.ts';
import { freezeInForce } from './freeze.ts';
import { beginIn, gateExpiresAt, isApproved, needsApproval, openGate, passGate } from './gate.ts';
import type { StageState } from './model.ts';
import { isEnded } from './model.ts';
import { deploys, lockedBy } from './pipeline.ts';
import { replacedBy } from './replaced.ts';
import { endStage } from './stage-end.ts';
import {
  askFor,
  askForPlans,
  askForReadySteps,
  isInFlight,
  isSettled,
  letGo,
  mayHaveStarted,
  plannedChanges,
  takeBackLostClaims,
  withdraw,
} from './steps.ts';

/** A plan made without the lock is good for so long, if nobody began to apply in the meantime. */
export const PLAN_FRESH_IN_MS = 10 * 60_000;

/** Moves every stage as far as it can go now. A stage may wake the ones after it, so it goes round until nothing moves. */
export function proceed(draft: Draft): void {
  const turns = stageTurns(draft.run);
  for (let moved = true; moved; ) {
    moved = false;
    for (const turn of turns) {
      const before = turn.stage.status;
      if (!isEnded(before)) proceedStage(draft, turn);
      moved ||= turn.stage.status !== before;
    }
  }
}

function proceedStage(draft: Draft, turn: StageTurn): void {
  takeBackLostClaims(draft, turn);
  if (draft.run.cancelled !== null || turn.stage.failure !== null) return windUp(draft, turn);
  switch (turn.stage.status) {
    case 'queued':
      return begin(draft, turn);
    case 'planning':
      return finishPlanning(draft, turn);
    case 'waiting-for-approval':
      return watchGate(draft, turn);
    case 'waiting-for-environment':
      return takeEnvironment(draft, turn);
    case 'applying':
    case 'verifying':
      return finishSteps(draft, turn);
  }
}

/** Ends a stage that failed or whose run was cancelled, once nothing of it is under way any more. */
function windUp(draft: Draft, turn: StageTurn): void {
  const { run } = draft;
  withdraw(turn);
  for (const stepTurn of stepTurns(turn)) {
    if (mayHaveStarted(stepTurn)) askFor(draft, stepTurn, 'cancel');
    else if (run.cancelled !== null) letGo(stepTurn);
  }
  if (turn.stage.steps.some(isInFlight)) return;
  if (run.cancelled !== null) endStage(draft, turn, { end: 'cancelled', note: run.cancelled.why });
  else endStage(draft, turn, { end: 'failed', note: turn.stage.failure?.reason ?? null });
}

function begin(draft: Draft, turn: StageTurn): void {
  const { stage, definition } = turn;
  const before = stageTurns(draft.run).filter((other) => definition.after.includes(other.stage.name));
  if (!before.every((other) => isEnded(other.stage.status))) return;
  if (definition.skip)
    return endStage(draft, turn, { end: 'skipped', note: 'skipped by its definition or by request' });
  const allWell = before.every((other) => other.stage.ok === true);
  const wanted = definition.when === 'always' || (definition.when === 'succeeded') === allWell;
  if (!wanted)
    return endStage(draft, turn, {
      end: 'skipped',
      note: allWell ? 'nothing before it failed' : 'a stage before it did not succeed',
    });
  stage.startedAt = draft.at;
  startPlanning(draft, turn, false);
  finishPlanning(draft, turn);
}

function startPlanning(draft: Draft, turn: StageTurn, underLock: boolean): void {
  const { stage, definition } = turn;
  stage.status = 'planning';
  stage.underLock = underLock;
  stage.plan = {
    hash: '',
    changes: { create: 0, update: 0, delete: 0, run: 0 },
    begunAt: draft.at,
    generation: null,
  };
  const locked = lockedBy(definition);
  if (locked !== null) {
    const { lock, generation } = environmentOf(draft, locked);
    if (stage.appliedGeneration !== null && stage.appliedGeneration !== generation) forgetSuccesses(stage);
    if (lock === null || lock.run === draft.run.id) stage.plan.generation = generation;
  }
  askForPlans(draft, turn);
}

/** Another stage has been at work in the environment since: what the steps did there may not be there any more. */
function forgetSuccesses(stage: StageState): void {
  for (const step of stage.steps) {
    if (step.status === 'succeeded') Object.assign(step, { status: 'idle', output: {} });
  }
}

function finishPlanning(draft: Draft, turn: StageTurn): void {
  const { stage } = turn;
  const planned = plannedChanges(turn);
  if (planned === null || stage.plan === null) return;
  stage.plan = { ...stage.plan, ...planned };
  if (stage.underLock) return decideUnderLock(draft, turn);
  if (!needsApproval(turn) || isApproved(turn)) return wantEnvironment(draft, turn);
  openGate(draft, turn);
}

/** The plan made while holding the environment is applied only if it is the one that was approved. */
function decideUnderLock(draft: Draft, turn: StageTurn): void {
  if (!needsApproval(turn) || isApproved(turn)) return startApplying(draft, turn);
  openGate(draft, turn);
  turn.stage.note = 'the environment has changed since the approval: the new plan needs one of its own';
  if (turn.definition.environment !== null) releaseLock(draft, turn.definition.environment);
}

function watchGate(draft: Draft, turn: StageTurn): void {
  const { stage, definition } = turn;
  const expiresAt = gateExpiresAt(stage, definition.gate);
  if (stage.approvals.length >= definition.gate.approvals) {
    passGate(stage);
    return wantEnvironment(draft, turn);
  }
  if (expiresAt !== null && draft.at >= expiresAt)
    endStage(draft, turn, { end: 'timed-out', note: 'nobody approved in time' });
}

function wantEnvironment(draft: Draft, turn: StageTurn): void {
  const { stage, definition } = turn;
  if (lockedBy(definition) === null) return startApplying(draft, turn);
  stage.status = 'waiting-for-environment';
  stage.note = null;
}

function takeEnvironment(draft: Draft, turn: StageTurn): void {
  const { stage, definition } = turn;
  const name = definition.environment;
  if (name === null) return startApplying(draft, turn);
  if (isFrozenFor(draft, turn, name)) return waitForThaw(draft, turn, name);
  const answer = requestLock(draft, turn, name);
  if (answer === 'wait') return;
  if (answer !== 'granted')
    return endStage(draft, turn, { end: 'superseded', note: `superseded by ${answer.supersededBy}` });
  leaveQueue(draft, name);
  const isRepeated = stage.round > 0 && !deploys(definition);
  const other = isRepeated ? replacedBy(draft, name) : null;
  if (other !== null) return endStage(draft, turn, { end: 'failed', note: other });
  if (planIsFresh(draft, stage, name)) return startApplying(draft, turn);
  startPlanning(draft, turn, true);
  finishPlanning(draft, turn);
}

/** A freeze keeps stages from beginning to apply, on every path to there; tests change nothing and go on. */
export function isFrozenFor(draft: Draft, turn: StageTurn, name: string): boolean {
  if (ignoresFreezes(draft.run, turn.definition)) return false;
  return freezeInForce(environmentOf(draft, name), environmentDefinition(draft.run, name), draft.at) !== null;
}

function waitForThaw(draft: Draft, turn: StageTurn, name: string): void {
  joinQueue(draft, turn, 'environment');
  releaseLock(draft, name);
}

function planIsFresh(draft: Draft, stage: StageState, name: string): boolean {
  if (stage.plan === null || draft.at - stage.plan.begunAt >= PLAN_FRESH_IN_MS) return false;
  return stage.plan.generation === environmentOf(draft, name).generation;
}

function startApplying(draft: Draft, turn: StageTurn): void {
  const { stage, definition } = turn;
  const locked = lockedBy(definition);
  if (locked !== null && isFrozenFor(draft, turn, locked)) {
    stage.status = 'waiting-for-environment';
    return waitForThaw(draft, turn, locked);
  }
  stage.status = 'applying';
  stage.note = null;
  if (locked !== null) {
    if (deploys(definition)) beginIn(draft, locked);
    stage.appliedGeneration = environmentOf(draft, locked).generation;
  }
  finishSteps(draft, turn);
}

/** Starts what can start; ends the phase when its steps are through, and the stage with its last phase. */
function finishSteps(draft: Draft, turn: StageTurn): void {
  const { stage } = turn;
  const phase = stage.status === 'applying' ? 'apply' : 'verify';
  askForReadySteps(draft, turn, phase);
  if (!stepTurns(turn).every((each) => each.definition.phase !== phase || isSettled(each))) return;
  if (phase === 'apply' && turn.definition.steps.some((step) => step.phase === 'verify')) {
    stage.status = 'verifying';
    return finishSteps(draft, turn);
  }
  endStage(draft, turn, { end: 'succeeded', note: null });
}

/** Back to the queue of the environment: a freeze began before the first step could be claimed. */
export function stepBack(draft: Draft, turn: StageTurn, name: string): void {
  withdraw(turn);
  turn.stage.status = 'waiting-for-environment';
  waitForThaw(draft, turn, name);
}
