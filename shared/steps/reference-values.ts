import type { Json } from '../release/canonical-json.ts';
import { layoutNames } from './release-layout.ts';
import { valuesOf } from './run-inputs.ts';
import type { StepContext } from './step.ts';

/**
 * What `${…}` stands for in configuration files: the environment's variables, `slipway.project`,
 * `slipway.environment` and `slipway.run`, where the release goes (`slipway.notebookFolder`, `slipway.testFolder`,
 * `slipway.wheel`), and `outputs.NAME` once the stage's infrastructure was deployed.
 */
export async function referenceValues(context: StepContext): Promise<ReadonlyMap<string, string>> {
  const { key, variables } = await valuesOf(context);
  return new Map([
    ...Object.entries(variables),
    ['slipway.project', context.project],
    ['slipway.environment', key],
    ['slipway.run', context.run.id],
    ...(await layoutNames(context)),
    ...infrastructureOutputs(context),
  ]);
}

/** Outputs of this stage's infrastructure that are text, numbers or switches. */
function infrastructureOutputs({ outputs, stage }: StepContext): [string, string][] {
  const values = outputs[`${stage}/infrastructure`]?.outputs;
  if (!isObject(values)) return [];
  return Object.entries(values).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' ? [] : [[`outputs.${name}`, String(value)]],
  );
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
