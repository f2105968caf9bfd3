import type { Draft, StageTurn } from './draft.ts';
import { changeEnvironment, environmentOf } from './draft.ts';
import type { Environment, LiveRelease, RunKind } from './model.ts';
import type { Pipeline, StageDefinition } from './pipeline.ts';
import { NO_GATE } from './pipeline.ts';

/**
 * By policy, a verification that fails for good rolls the environment back to the last release that ended well
 * there, and holds automatic releases until a person lifts the hold. A rollback is never rolled back, and a
 * technical failure (a test that could not be run) proves nothing, so it only fails the stage.
 */
export function startRollback(draft: Draft, turn: StageTurn, name: string): void {
  const { run } = draft;
  const { failure } = turn.stage;
  if (!turn.definition.rollsBack || failure?.phase !== 'verify' || !failure.definite) return;
  if (run.kind !== 'release' && run.kind !== 'redeploy') return;
  const environment = environmentOf(draft, name);
  const hold = {
    why: `${turn.stage.name} of ${run.release.name} failed: ${failure.reason}`,
    run: run.id,
    at: draft.at,
  };
  const target = rollbackTarget(environment, run.release.name);
  changeEnvironment(draft, name, { hold, ...markBad(environment, run.release.name) });
  if (target === null) return;
  draft.effects.push({
    type: 'start-run',
    event: {
      type: 'run-requested',
      project: run.project,
      at: draft.at,
      id: `rollback-of-${run.id}-${turn.stage.name}-${turn.stage.round}`,
      kind: 'rollback',
      release: { name: target.release, order: target.order },
      requestedBy: { id: 'policy', name: 'Slipway' },
      why: hold.why,
      overridesFreeze: true,
      pipeline: environmentPipeline(run.pipeline, name, { gated: false }),
      traceparent: run.traceparent,
    },
  });
}

/** The newest release that ended well in the environment and is not `bad`; null when there was none. */
export function rollbackTarget(environment: Environment, bad: string): LiveRelease | null {
  const candidates =
    environment.live === null ? environment.history : [environment.live, ...environment.history];
  return candidates.find((entry) => !entry.bad && entry.release !== bad) ?? null;
}

const KEPT_LIVE_RELEASES = 10;

/**
 * Earlier live releases once `next` is live. What a rollback went back behind is no target of another one: two
 * rollbacks one after the other go back twice.
 */
export function historyWith({ live, history }: Environment, next: LiveRelease, kind: RunKind): LiveRelease[] {
  if (live === null) return history;
  const all = [live, ...history];
  const target = all.findIndex(({ release }) => release === next.release);
  const behind = kind === 'rollback' ? all.slice(Math.max(target, 0) + 1) : all;
  const earlier = behind.filter((entry) => !entry.bad && entry.release !== next.release);
  return earlier.slice(0, KEPT_LIVE_RELEASES);
}

/** A release whose verification failed is no target of a later rollback. */
function markBad({ live, history }: Environment, bad: string): Partial<Environment> {
  return {
    live: live?.release === bad ? { ...live, bad: true } : live,
    history: history.filter((entry) => entry.release !== bad),
  };
}

/**
 * The part of a pipeline that concerns one environment, for a redeploy or a rollback: its stages in order, each
 * after the one before. Stages that touch no environment (the intake of a build) come first where they are wanted
 * by steps of the environment, since a run carries its own copy of everything.
 */
export function environmentPipeline(
  pipeline: Pipeline,
  name: string,
  { gated }: { readonly gated: boolean },
): Pipeline {
  const stages: StageDefinition[] = [];
  for (const stage of pipeline.stages) {
    if (stage.environment !== name && stage.environment !== null) continue;
    const previous = stages.at(-1);
    stages.push({
      ...stage,
      after: previous === undefined ? [] : [previous.name],
      // Which ends of other environments a release looks at has no meaning here.
      when: 'succeeded',
      gate: gated ? stage.gate : NO_GATE,
      rollsBack: gated && stage.rollsBack,
    });
  }
  return { environments: pipeline.environments.filter((environment) => environment.name === name), stages };
}
