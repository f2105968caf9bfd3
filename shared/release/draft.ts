import type { Effect } from './effects.ts';
import type { Environment, Instant, Inventory, Run, StageState, State, StepState } from './model.ts';
import { isEnded, newEnvironment } from './model.ts';
import type { EnvironmentDefinition, StageDefinition, StepDefinition } from './pipeline.ts';

/** One decision in the making: a private copy of the run, the environments it touched, the effects so far. */
export interface Draft {
  readonly run: Run;
  readonly at: Instant;
  readonly environments: Map<string, Environment>;
  readonly effects: Effect[];
}

/**
 * Copies what a decision may change. Environments are replaced, never changed, so they need no copy; a stage that
 * is over moves only when its run does, by a retry.
 */
export function draftOf(run: Run, environments: State['environments'], at: Instant): Draft {
  const stages = run.stages.map((stage) =>
    run.status === 'running' && isEnded(stage.status)
      ? stage
      : { ...stage, steps: stage.steps.map((step) => ({ ...step })) },
  );
  return { run: { ...run, stages }, at, environments: new Map(environments), effects: [] };
}

/** A stage with its row of the pipeline's table. */
export interface StageTurn {
  readonly stage: StageState;
  readonly definition: StageDefinition;
}

/** A step with its row of the stage's table, and its stage. */
export interface StepTurn {
  readonly turn: StageTurn;
  readonly step: StepState;
  readonly definition: StepDefinition;
}

/** The stages of the run beside their definitions, in the order of the table. */
export function stageTurns(run: Run): StageTurn[] {
  return run.pipeline.stages.map((definition, index) => {
    const stage = run.stages[index];
    if (stage === undefined || stage.name !== definition.name)
      throw new Error(`run ${run.id} lacks stage ${definition.name}`);
    return { stage, definition };
  });
}

export function stepTurns(turn: StageTurn): StepTurn[] {
  return turn.definition.steps.map((definition, index) => {
    const step = turn.stage.steps[index];
    if (step === undefined || step.name !== definition.name) {
      throw new Error(`stage ${turn.stage.name} lacks step ${definition.name}`);
    }
    return { turn, step, definition };
  });
}

export function findStage(run: Run, name: string): StageTurn | undefined {
  return stageTurns(run).find((turn) => turn.stage.name === name);
}

/** The environment as this decision sees it: what was loaded, or a new one. */
export function environmentOf(draft: Draft, name: string): Environment {
  return draft.environments.get(name) ?? newEnvironment(name);
}

/** Replaces parts of an environment. */
export function changeEnvironment(draft: Draft, name: string, change: Partial<Environment>): void {
  draft.environments.set(name, { ...environmentOf(draft, name), ...change });
}

/** Notes what a step is about to put into the environment, or has put there. */
export function changeInventory(
  draft: Draft,
  { definition }: StageTurn,
  { step, change }: { readonly step: string; readonly change: (inventory: Inventory) => Inventory },
): void {
  const name = definition.environment;
  if (name === null) return;
  const { inventories } = environmentOf(draft, name);
  const next = change(inventories[step] ?? { digest: null, uncertain: [] });
  changeEnvironment(draft, name, { inventories: { ...inventories, [step]: next } });
}

/** The environment's rules in the run's own copy of its pipeline. */
export function environmentDefinition(run: Run, name: string): EnvironmentDefinition {
  const definition = run.pipeline.environments.find((environment) => environment.name === name);
  return definition ?? { name, policy: 'sequential', freezeWindows: [] };
}
