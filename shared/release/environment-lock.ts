import type { Draft, StageTurn } from './draft.ts';
import { changeEnvironment, environmentDefinition, environmentOf, stageTurns } from './draft.ts';
import { freezeInForce } from './freeze.ts';
import type { Environment, Run, WaitingRun } from './model.ts';
import { isEnded } from './model.ts';
import type { StageDefinition } from './pipeline.ts';
import { lockedBy } from './pipeline.ts';

/**
 * How many runs one transition tells something, since it is one transaction of at most 100 rows. Nobody is lost: who takes
 * the environment hands it on, and the safety net asks every run.
 */
export const MOST_TOLD = 50;

/** What became of a request for the environment. */
export type LockAnswer = 'granted' | 'wait' | { readonly supersededBy: string };

/**
 * Asks for the environment of a stage. One run holds it at a time; the others queue in order of arrival.
 * With policy `latest`, a release that is older than the live one, or than another that waits, is retired.
 */
export function requestLock(draft: Draft, turn: StageTurn, name: string): LockAnswer {
  const environment = environmentOf(draft, name);
  const newer = newerRelease(draft.run, environment);
  if (environment.lock?.run === draft.run.id) {
    changeEnvironment(draft, name, { lock: { ...environment.lock, stage: turn.stage.name } });
    return 'granted';
  }
  if (newer !== null && environmentDefinition(draft.run, name).policy === 'latest') {
    leaveQueue(draft, name);
    return { supersededBy: newer };
  }
  joinQueue(draft, turn, 'environment');
  retireOlder(draft, name, 'environment');
  passLock(draft, name);
  return environmentOf(draft, name).lock?.run === draft.run.id ? 'granted' : 'wait';
}

/** Puts the run into the queue, or changes what it waits for there. It keeps its place. */
export function joinQueue(draft: Draft, turn: StageTurn, waitsFor: WaitingRun['waitsFor']): void {
  const name = turn.definition.environment;
  if (name === null) return;
  const { run } = draft;
  const { waiting } = environmentOf(draft, name);
  const mine = waiting.find((entry) => entry.run === run.id);
  if (mine?.waitsFor === waitsFor) return;
  const entry: WaitingRun = {
    run: run.id,
    stage: turn.stage.name,
    kind: run.kind,
    release: run.release.name,
    order: run.release.order,
    overridesFreeze: ignoresFreezes(run, turn.definition),
    since: mine?.since ?? draft.at,
    waitsFor,
  };
  const next =
    mine === undefined ? [...waiting, entry] : waiting.map((other) => (other === mine ? entry : other));
  changeEnvironment(draft, name, { waiting: next });
}

/** Freezes concern stages that change something, unless the run was told to go through with it. */
export function ignoresFreezes(run: Run, { steps }: StageDefinition): boolean {
  return run.overridesFreeze || steps.every(({ phase }) => phase === 'verify');
}

/** Takes the run out of the queue. */
export function leaveQueue(draft: Draft, name: string): void {
  const { waiting } = environmentOf(draft, name);
  const rest = waiting.filter((entry) => entry.run !== draft.run.id);
  if (rest.length < waiting.length) changeEnvironment(draft, name, { waiting: rest });
}

/**
 * Gives the lock up, if this run holds it and no other stage of it works there, and hands it to the next in the
 * queue. If a freeze keeps everybody from taking it, they are told, so that each asks to be woken at its end.
 */
export function releaseLock(draft: Draft, name: string): void {
  if (environmentOf(draft, name).lock?.run !== draft.run.id || worksIn(draft.run, name)) return;
  changeEnvironment(draft, name, { lock: null });
  passLock(draft, name);
  const { lock, waiting } = environmentOf(draft, name);
  if (lock !== null || !isFrozen(draft, name)) return;
  const others = waiting.filter(({ run, waitsFor }) => waitsFor === 'environment' && run !== draft.run.id);
  for (const { run } of others.slice(0, MOST_TOLD)) tellFreed(draft, run, name);
}

/** Whether a stage of the run changes or tests the environment, or plans while it holds it. */
function worksIn(run: Run, name: string): boolean {
  return stageTurns(run).some(({ stage, definition }) => {
    if (lockedBy(definition) !== name) return false;
    return (
      stage.status === 'applying' ||
      stage.status === 'verifying' ||
      (stage.status === 'planning' && stage.underLock)
    );
  });
}

function isFrozen(draft: Draft, name: string): boolean {
  const rules = environmentDefinition(draft.run, name);
  return freezeInForce(environmentOf(draft, name), rules, draft.at) !== null;
}

function tellFreed(draft: Draft, run: string, name: string): void {
  const event = { type: 'environment-freed', at: draft.at, environment: name } as const;
  draft.effects.push({ type: 'tell-run', run, event });
}

/**
 * At the end of a stage: the environment stays with the run while its next stage there can go on at once
 * (tests of what was just deployed), and is given up otherwise.
 */
export function releaseAfterStage(draft: Draft, ended: StageTurn, name: string): void {
  leaveQueue(draft, name);
  const turns = stageTurns(draft.run);
  const open = new Set(turns.filter(({ stage }) => !isEnded(stage.status)).map(({ stage }) => stage.name));
  const goesOn = turns.some(
    ({ stage, definition }) =>
      lockedBy(definition) === name &&
      stage.status === 'queued' &&
      definition.gate.approvals === 0 &&
      definition.after.includes(ended.stage.name) &&
      !definition.after.some((before) => open.has(before)),
  );
  if (!goesOn || draft.run.cancelled !== null) releaseLock(draft, name);
}

/**
 * Retires older releases that wait: for the environment, or (once a newer one is live) for an approval too. Those above
 * `MOST_TOLD` are retired by the next release, or when they ask for the environment.
 */
export function retireOlder(draft: Draft, name: string, waitsFor: WaitingRun['waitsFor']): void {
  const { run } = draft;
  if (run.kind !== 'release' || environmentDefinition(run, name).policy !== 'latest') return;
  const { waiting } = environmentOf(draft, name);
  const retired = waiting.filter(
    (entry) =>
      entry.kind === 'release' &&
      entry.order < run.release.order &&
      (entry.waitsFor === 'environment' || waitsFor === 'approval'),
  );
  if (retired.length === 0) return;
  const told = retired.slice(0, MOST_TOLD);
  changeEnvironment(draft, name, { waiting: waiting.filter((entry) => !told.includes(entry)) });
  for (const { run: other, stage } of told) {
    const event = { type: 'stage-superseded', at: draft.at, stage, by: run.release.name } as const;
    draft.effects.push({ type: 'tell-run', run: other, event });
  }
}

/** Hands a free environment to the first run in its queue that may have it now, and tells that run. */
export function passLock(draft: Draft, name: string): void {
  const environment = environmentOf(draft, name);
  if (environment.lock !== null) return;
  const frozen = isFrozen(draft, name);
  const next = environment.waiting.find((entry) => mayTake(environment, entry, frozen));
  if (next === undefined) return;
  changeEnvironment(draft, name, {
    lock: { run: next.run, stage: next.stage, order: next.order, since: draft.at },
    waiting: environment.waiting.filter((entry) => entry !== next),
  });
  if (next.run !== draft.run.id) tellFreed(draft, next.run, name);
}

function mayTake(environment: Environment, entry: WaitingRun, frozen: boolean): boolean {
  if (entry.waitsFor !== 'environment') return false;
  if (frozen && !entry.overridesFreeze) return false;
  return environment.hold === null || entry.kind !== 'release';
}

/** Name of a newer release that is live or waits already; null for a run that somebody asked for by name. */
function newerRelease(run: Run, environment: Environment): string | null {
  if (run.kind !== 'release') return null;
  const { live, waiting } = environment;
  if (live !== null && live.order > run.release.order) return live.release;
  const newer = waiting.find(
    (entry) =>
      entry.kind === 'release' && entry.waitsFor === 'environment' && entry.order > run.release.order,
  );
  return newer?.release ?? null;
}

/** Every environment that a run which is over might still hold or wait for. */
export function leaveEverything(draft: Draft): void {
  for (const { stage, definition } of stageTurns(draft.run)) {
    if (definition.environment === null || !isEnded(stage.status)) continue;
    leaveQueue(draft, definition.environment);
    releaseLock(draft, definition.environment);
  }
}
