import type { Draft, StageTurn } from './draft.ts';
import { environmentDefinition, stageTurns, stepTurns } from './draft.ts';
import type { FreezeInForce } from './freeze.ts';
import { freezeInForce } from './freeze.ts';
import { gateExpiresAt } from './gate.ts';
import type { Environment, Instant, Run } from './model.ts';
import { isEnded, newEnvironment } from './model.ts';

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
    .flatMap((turn) => [...ofWaiting(run, turn, environments, at), ...ofSteps(turn)]);
}

function ofWaiting(
  run: Run,
  turn: StageTurn,
  environments: ReadonlyMap<string, Environment>,
  at: Instant,
): Obstacle[] {
  const { stage, definition } = turn;
  if (stage.status === 'waiting-for-approval') return [ofGate(turn)];
  if (stage.status !== 'waiting-for-environment' || definition.environment === null) return [];
  const environment = environments.get(definition.environment) ?? newEnvironment(definition.environment);
  return [ofEnvironment(run, turn, environment, at)];
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

function ofEnvironment(run: Run, { stage }: StageTurn, environment: Environment, at: Instant): Obstacle {
  const { lock, hold, waiting, name } = environment;
  const freeze = freezeInForce(environment, environmentDefinition(run, name), at);
  if (freeze !== null && !run.overridesFreeze) {
    return obstacle(
      stage.name,
      `${name} is frozen: ${freeze.why}`,
      'the end of the freeze, or lifting it',
      freeze.until,
    );
  }
  if (lock !== null && lock.run !== run.id) {
    return obstacle(
      stage.name,
      `${name} is held by run ${lock.run} (${lock.stage})`,
      `the end of run ${lock.run} there`,
      null,
    );
  }
  if (hold !== null && run.kind === 'release') {
    return obstacle(stage.name, `${name} is on hold: ${hold.why}`, 'a person who lifts the hold', null);
  }
  const ahead = waiting.findIndex((entry) => entry.run === run.id);
  const blockedBy =
    ahead > 0 ? `${ahead} run(s) before it in the queue of ${name}` : `the message about ${name} under way`;
  return obstacle(stage.name, blockedBy, 'its turn comes by itself', null);
}

function obstacle(stage: string, blockedBy: string, unblockedBy: string, until: Instant | null): Obstacle {
  return { stage, blockedBy, unblockedBy, until };
}

/** Steps that a function runs, that wait for something outside, or that are tried again later. */
function ofSteps(turn: StageTurn): Obstacle[] {
  const { stage } = turn;
  return stepTurns(turn).flatMap(({ step, definition }) => {
    const of = `${definition.kind} step ${step.name}`;
    if (step.status === 'claimed') {
      return [
        obstacle(
          stage.name,
          `${of} runs (claim ${step.claim})`,
          'its result, or the end of its lease',
          step.dueAt,
        ),
      ];
    }
    if (step.status === 'waiting') {
      return [obstacle(stage.name, `${of} waits for what it started`, 'it is asked again then', step.dueAt)];
    }
    if (step.status === 'pending' && step.error !== null) {
      return [
        obstacle(stage.name, `${of} failed: ${step.error}`, `attempt ${step.attempt} then`, step.dueAt),
      ];
    }
    return step.status === 'pending'
      ? [obstacle(stage.name, `${of} is in the queue`, 'a free function', null)]
      : [];
  });
}

/** When the freeze ends that keeps the stage from beginning to apply; null when none does. */
export function freezeEnd(draft: Draft, { stage, definition }: StageTurn): Instant | null {
  if (
    stage.status !== 'waiting-for-environment' ||
    definition.environment === null ||
    draft.run.overridesFreeze
  )
    return null;
  const environment =
    draft.environments.get(definition.environment) ?? newEnvironment(definition.environment);
  const rules = environmentDefinition(draft.run, definition.environment);
  const freeze: FreezeInForce | null = freezeInForce(environment, rules, draft.at);
  return freeze?.until ?? null;
}
