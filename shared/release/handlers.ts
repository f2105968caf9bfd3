import { abandon, claim, takeResult } from './claims.ts';
import type { Draft, StageTurn } from './draft.ts';
import { environmentOf, findStage, stageTurns } from './draft.ts';
import type {
  ApprovalGiven,
  CancelRequested,
  EnvironmentFreed,
  RetryRequested,
  RunEvent,
  StageSuperseded,
  TimePassed,
} from './events.ts';
import { giveApproval } from './gate.ts';
import type { Run, StageState } from './model.ts';
import { isEnded } from './model.ts';
import type { StageDefinition } from './pipeline.ts';
import { deploys, lockedBy } from './pipeline.ts';
import { replacedBy } from './replaced.ts';
import { endStage } from './stage-end.ts';
import { askForOverdue } from './steps.ts';

/** Why an event says nothing to a run that exists, whatever its stages: only a retry moves one that is over. */
export function whyTooLate({ status }: Run, { type }: RunEvent): string | null {
  if (type === 'run-requested') return 'the run exists already';
  return status === 'running' || type === 'retry-requested' ? null : `the run is over: ${status}`;
}

/**
 * Writes into the draft what the event itself says; what follows from it is `proceed`'s.
 * @returns why the event changes nothing, or null.
 */
export function handle(draft: Draft, event: RunEvent): string | null {
  switch (event.type) {
    case 'run-requested':
      return 'the run exists already';
    case 'retry-requested':
      return retry(draft, event);
    case 'step-claimed':
      return claim(draft, event);
    case 'step-abandoned':
      return abandon(draft, event);
    case 'approval-granted':
    case 'approval-rejected':
      return approve(draft, event);
    case 'environment-freed':
      return takeFreed(draft, event);
    case 'stage-superseded':
      return supersede(draft, event);
    case 'time-passed':
      return passTime(draft, event);
    case 'cancel-requested':
      return cancel(draft, event);
    default:
      return takeResult(draft, event);
  }
}

function approve(draft: Draft, event: ApprovalGiven): string | null {
  const turn = findStage(draft.run, event.stage);
  if (turn === undefined) return `run ${draft.run.id} has no stage ${event.stage}`;
  const refusal = giveApproval(draft.run, turn, event);
  if (refusal !== null) return refusal;
  if (event.type === 'approval-rejected') {
    endStage(draft, turn, {
      end: 'rejected',
      note: `rejected by ${event.by.name}${event.comment === '' ? '' : `: ${event.comment}`}`,
    });
  }
  return null;
}

function takeFreed(draft: Draft, event: EnvironmentFreed): string | null {
  const waits = stageTurns(draft.run).some(
    ({ stage, definition }) =>
      definition.environment === event.environment && stage.status === 'waiting-for-environment',
  );
  return waits ? null : `the run does not wait for ${event.environment}`;
}

function supersede(draft: Draft, event: StageSuperseded): string | null {
  const turn = findStage(draft.run, event.stage);
  if (turn === undefined) return `run ${draft.run.id} has no stage ${event.stage}`;
  const { stage, definition } = turn;
  const waits = stage.status === 'waiting-for-approval' || stage.status === 'waiting-for-environment';
  const holds =
    definition.environment !== null &&
    environmentOf(draft, definition.environment).lock?.run === draft.run.id;
  if (!waits || holds) return `stage ${stage.name} is ${stage.status} and cannot be superseded`;
  endStage(draft, turn, { end: 'superseded', note: `superseded by ${event.by}` });
  return null;
}

/**
 * A wake-up clears the one that was asked for. The safety net (`wake` null) also asks again for steps whose
 * message should have come long ago, and forgets a wake-up that never came.
 */
function passTime(draft: Draft, event: TimePassed): null {
  const { run, at } = draft;
  if (event.wake !== null && event.wake === run.wakeAt) run.wakeAt = null;
  if (event.wake !== null) return null;
  if (run.wakeAt !== null && run.wakeAt + OVERDUE_IN_MS <= at) run.wakeAt = null;
  for (const turn of stageTurns(run)) {
    if (!isEnded(turn.stage.status)) askForOverdue(draft, turn, OVERDUE_IN_MS);
  }
  return null;
}

/** A message that has not come for so long after its time is taken for lost. */
const OVERDUE_IN_MS = 5 * 60_000;

function cancel(draft: Draft, event: CancelRequested): string | null {
  if (draft.run.cancelled !== null) return 'the run is being cancelled already';
  draft.run.cancelled = { by: event.by, at: event.at, why: event.why };
  return null;
}

/**
 * Takes a failed run up again: failed stages start over with what is left of them (steps that succeeded stay so),
 * and the stages that were skipped for their sake get their chance. Where another run has gone live since in the
 * environment of a failed stage, the stages that deploy there start over too. What people decided against stays so.
 */
function retry(draft: Draft, event: RetryRequested): string | null {
  const { run } = draft;
  if (run.status !== 'failed') return `only a failed run is retried; this one is ${run.status}`;
  if (run.endedAt !== null && event.at < run.endedAt)
    return 'the run has failed again since the retry was asked for';
  const turns = stageTurns(run);
  const lost = turns.filter((turn) => isLost(draft, turns, turn));
  for (const turn of turns) {
    const { stage, definition } = turn;
    const again = (stage.status === 'failed' && stage.ok !== true) || lost.includes(turn);
    const hasChance = stage.status === 'skipped' && !definition.skip && stage.ok !== true;
    if (!again && !hasChance) continue;
    startOver(stage, definition);
    stage.note = again ? `retried by ${event.by.name}: ${event.why}` : null;
    if (again) stage.round += 1;
  }
  run.status = 'running';
  run.endedAt = null;
  return null;
}

/** Whether what the stage deployed has been replaced before a failed stage of the run could verify it. */
function isLost(draft: Draft, turns: readonly StageTurn[], turn: StageTurn): boolean {
  const { environment } = turn.definition;
  if (turn.stage.status !== 'succeeded' || environment === null || !deploys(turn.definition)) return false;
  if (replacedBy(draft, environment) === null) return false;
  return turns.some((other) => lockedBy(other.definition) === environment && other.stage.ok === false);
}

/**
 * Takes a stage to its beginning, but for what it has done. A stage without an environment has changed nothing: with a
 * step that failed, those before it are done again, so that what they read may have been put right.
 */
function startOver(stage: StageState, { environment, steps }: StageDefinition): void {
  const again = environment === null ? leadingTo(stage, steps) : new Set();
  Object.assign(stage, {
    status: 'queued',
    startedAt: null,
    endedAt: null,
    ok: null,
    failure: null,
    applyBegunAt: null,
    gateOpenedAt: null,
  });
  for (const step of stage.steps) {
    if (step.status === 'succeeded' && !again.has(step.name)) continue;
    Object.assign(step, { status: 'idle', mode: 'plan', attempt: 0, failures: 0, memo: null, error: null });
  }
}

/** The steps before one that failed, however far. A step is only ever after steps that stand before it. */
function leadingTo({ steps }: StageState, definitions: StageDefinition['steps']): ReadonlySet<string> {
  const names = new Set(steps.filter(({ status }) => status === 'failed').map(({ name }) => name));
  for (const { name, after } of definitions.toReversed())
    if (names.has(name)) for (const before of after) names.add(before);
  return names;
}
