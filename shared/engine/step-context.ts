import type { Json } from '../release/canonical-json.ts';
import type { Environment, Run, StageState, StepState } from '../release/model.ts';
import { stepKey } from '../release/step-key.ts';
import type { StepContext } from '../steps/step.ts';
import type { Ports } from './engine-ports.ts';

/** A claimed step, and its environment as it was then. */
interface Claimed {
  readonly run: Run;
  readonly stage: StageState;
  readonly step: StepState;
  readonly environment: Environment | null;
}

/** What a step is told, from the run as it was when the step was claimed. */
export function stepContext(
  ports: Ports,
  { run, stage, step, environment }: Claimed,
  signal: AbortSignal,
): StepContext {
  const definition = run.pipeline.stages.find(({ name }) => name === stage.name);
  return {
    project: run.project,
    run: { id: run.id, kind: run.kind, release: run.release.name },
    stage: stage.name,
    environment: definition?.environment ?? null,
    step: step.name,
    key: stepKey(run.id, stage, step.name),
    attempt: step.attempt,
    memo: step.memo,
    input: definition?.steps.find(({ name }) => name === step.name)?.input ?? {},
    outputs: outputsOf(run),
    inventory:
      environment === null ? null : (environment.inventories[step.name] ?? { digest: null, uncertain: [] }),
    clients: ports.clients,
    releases: ports.releases,
    signal,
    clock: ports.clock,
    content: ports.content,
    log: ports.log,
  };
}

function outputsOf(run: Run): Record<string, Record<string, Json>> {
  const entries = run.stages.flatMap((stage) =>
    stage.steps
      .filter(({ status }) => status === 'succeeded')
      .map(({ name, output }) => [`${stage.name}/${name}`, output] as const),
  );
  return Object.fromEntries(entries);
}
