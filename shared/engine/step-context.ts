import type { Json } from '../release/canonical-json.ts';
import type { Environment, Inventory, Run, StageState, StepState } from '../release/model.ts';
import { stepKey } from '../release/step-key.ts';
import type { StepContext, UpcomingStep } from '../steps/step.ts';
import type { Ports } from './engine-ports.ts';

/** A claimed step, and the project's environments as they were then. */
interface Claimed {
  readonly run: Run;
  readonly stage: StageState;
  readonly step: StepState;
  readonly environments: ReadonlyMap<string, Environment>;
}

/** What a step is told, from the run as it was when the step was claimed. */
export function stepContext(ports: Ports, claimed: Claimed, signal: AbortSignal): StepContext {
  const { run, stage, step, environments } = claimed;
  const definition = run.pipeline.stages.find(({ name }) => name === stage.name);
  const inventories = environments.get(definition?.environment ?? '')?.inventories ?? {};
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
    inventory: definition?.environment == null ? null : (inventories[step.name] ?? NOTHING_YET),
    inventories,
    upcoming: () => upcomingOf(ports, claimed, signal),
    clients: ports.clientsFor(identityIn(run, definition?.environment)),
    releases: ports.releases,
    signal,
    clock: ports.clock,
    content: ports.content,
    log: ports.log,
  };
}

/** Who deploys into an environment; the service itself where its pipeline names nobody. */
function identityIn({ pipeline }: Run, environment: string | null | undefined): string | null {
  return pipeline.environments.find(({ name }) => name === environment)?.identity ?? null;
}

const NOTHING_YET: Inventory = { digest: null, uncertain: [] };

function upcomingOf(ports: Ports, claimed: Claimed, signal: AbortSignal): UpcomingStep[] {
  const { run, stage, environments } = claimed;
  const later = run.stages.slice(run.stages.indexOf(stage) + 1);
  return later.flatMap((next) => {
    const definition = run.pipeline.stages.find(({ name }) => name === next.name);
    if (definition?.skip) return [];
    const stageMayFail = definition?.when === 'failed' || definition?.allowFailure === true;
    return next.steps.map((step) => {
      const itsOwn = definition?.steps.find(({ name }) => name === step.name);
      return {
        kind: itsOwn?.kind ?? step.name,
        mayFail: stageMayFail || itsOwn?.allowFailure === true,
        context: stepContext(ports, { run, stage: next, step, environments }, signal),
      };
    });
  });
}

function outputsOf(run: Run): Record<string, Record<string, Json>> {
  const entries = run.stages.flatMap((stage) =>
    stage.steps
      .filter(({ status }) => status === 'succeeded')
      .map(({ name, output }) => [`${stage.name}/${name}`, output] as const),
  );
  return Object.fromEntries(entries);
}
