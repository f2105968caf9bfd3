import type { Draft, StageTurn, StepTurn } from './draft.ts';
import { environmentDefinition, stageTurns, stepTurns } from './draft.ts';
import { ignoresFreezes } from './environment-lock.ts';
import type { FreezeInForce } from './freeze.ts';
import { freezeInForce } from './freeze.ts';
import { gateExpiresAt } from './gate.ts';
import type { Environment, Instant, Run } from './model.ts';
import { isEnded, newEnvironment } from './model.ts';
import type { StageDefinition } from './pipeline.ts';

/** One thing that a run waits for. */
export interface Obstacle {
  readonly stage: string;
  /** What is not so yet. */
  readonly blockedBy: string;
  /** What would change it, and who or what does it. */
  readonly unblockedBy: string;
  /** When it changes by itself; null when it needs somebody or something. */
  readonly until: Instant | null;
}

/**
 * Why a run does not move, from its state alone: the predicate that blocks each stage whose turn it is, and what
 * would unblock it. Empty when the run is over, or when a message for it is on its way.
 */
export function explain(run: Run, environments: ReadonlyMap<string, Environment>, at: Instant): Obstacle[] {
  if (run.status !== 'running') return [];
  return stageTurns(run)
    .filter(({ stage }) => !isEnded(stage.status) && stage.status !== 'queued')
    .flatMap((turn) => [...ofWaiting({ run, environments, at }, turn), ...ofSteps(turn)]);
}

/** What an explanation is read from. */
interface Seen {
  readonly run: Run;
  readonly environments: ReadonlyMap<string, Environment>;
  readonly at: Instant;
}

function ofWaiting(seen: Seen, turn: StageTurn): Obstacle[] {
  const { stage, definition } = turn;
  if (stage.status === 'waiting-for-approval') return [ofGate(turn)];
  if (stage.status !== 'waiting-for-environment' || definition.environment === null) return [];
  const name = definition.environment;
  const environment = seen.environments.get(name) ?? newEnvironment(name);
  return [{ stage: stage.name, ...ofEnvironment(seen, definition, environment) }];
}

function ofGate({ stage, definition }: StageTurn): Obstacle {
  const missing = definition.gate.approvals - stage.approvals.length;
  const from =
    definition.gate.approvers.length === 0 ? 'anyone allowed' : definition.gate.approvers.join(', ');
  return {
    stage: stage.name,
    blockedBy: `${missing} approval${missing === 1 ? '' : 's'} of plan ${stage.plan?.hash.slice(0, 12) ?? ''} missing`,
    unblockedBy: `an approval by ${from}; without one the stage times out`,
    until: gateExpiresAt(stage, definition.gate),
  };
}

function ofEnvironment(
  { run, at }: Seen,
  definition: StageDefinition,
  environment: Environment,
): Omit<Obstacle, 'stage'> {
  const { lock, hold, waiting, name } = environment;
  const freeze = freezeInForce(environment, environmentDefinition(run, name), at);
  if (freeze !== null && !ignoresFreezes(run, definition)) {
    const unblockedBy = 'the end of the freeze, or lifting it';
    return { blockedBy: `${name} is frozen: ${freeze.why}`, unblockedBy, until: freeze.until };
  }
  if (lock !== null && lock.run !== run.id) {
    const unblockedBy = `the end of run ${lock.run} there`;
    return { blockedBy: `${name} is held by run ${lock.run} (${lock.stage})`, unblockedBy, until: null };
  }
  if (hold !== null && run.kind === 'release') {
    return {
      blockedBy: `${name} is on hold: ${hold.why}`,
      unblockedBy: 'a person who lifts the hold',
      until: null,
    };
  }
  const ahead = waiting.findIndex((entry) => entry.run === run.id);
  const blockedBy =
    ahead > 0 ? `${ahead} run(s) before it in the queue of ${name}` : `the message about ${name} under way`;
  return { blockedBy, unblockedBy: 'its turn comes by itself', until: null };
}

/** Steps that a function runs, that wait for something outside, or that are tried again later. */
function ofSteps(turn: StageTurn): Obstacle[] {
  return stepTurns(turn).flatMap((stepTurn) => {
    const found = ofStep(stepTurn);
    return found === null ? [] : [{ stage: turn.stage.name, ...found }];
  });
}

function ofStep({ step, definition }: StepTurn): Omit<Obstacle, 'stage'> | null {
  const of = `${definition.kind} step ${step.name}`;
  const until = step.dueAt;
  if (step.status === 'claimed') {
    return {
      blockedBy: `${of} runs (claim ${step.claim})`,
      unblockedBy: 'its result, or the end of its lease',
      until,
    };
  }
  if (step.status === 'waiting') {
    return { blockedBy: `${of} waits for what it started`, unblockedBy: 'it is asked again then', until };
  }
  if (step.status !== 'pending') return null;
  if (step.error === null)
    return { blockedBy: `${of} is in the queue`, unblockedBy: 'a free function', until: null };
  return { blockedBy: `${of} failed: ${step.error}`, unblockedBy: `attempt ${step.attempt} then`, until };
}

/** When the freeze ends that keeps the stage from beginning to apply; null when none does. */
export function freezeEnd(draft: Draft, { stage, definition }: StageTurn): Instant | null {
  if (
    stage.status !== 'waiting-for-environment' ||
    definition.environment === null ||
    ignoresFreezes(draft.run, definition)
  )
    return null;
  const environment =
    draft.environments.get(definition.environment) ?? newEnvironment(definition.environment);
  const rules = environmentDefinition(draft.run, definition.environment);
  const freeze: FreezeInForce | null = freezeInForce(environment, rules, draft.at);
  return freeze?.until ?? null;
}
