import * as z from 'zod';
import type { Json } from '../release/canonical-json.ts';
import { readInventory } from './inventory.ts';
import { layoutNames } from './release-layout.ts';
import { valuesOf } from './run-inputs.ts';
import type { StepContext } from './step.ts';

/**
 * What `${…}` stands for in configuration files: the environment's variables, `slipway.project`,
 * `slipway.environment` and `slipway.run`, where the release goes (`slipway.notebookFolder`, `slipway.testFolder`,
 * `slipway.wheel`), and `outputs.NAME`, what the environment's infrastructure gives out.
 */
export async function referenceValues(context: StepContext): Promise<ReadonlyMap<string, string>> {
  const { key, variables } = await valuesOf(context);
  return new Map([
    ...Object.entries(variables),
    ['slipway.project', context.project],
    ['slipway.environment', key],
    ['slipway.run', context.run.id],
    ...(await layoutNames(context)),
    ...(await infrastructureOutputs(context)),
  ]);
}

/**
 * Outputs that are text, numbers or switches: of the stage's deployment of the infrastructure, or else of the last one
 * in the environment. Where a stage leaves the infrastructure out, what stands there goes on giving them.
 */
async function infrastructureOutputs(context: StepContext): Promise<[string, string][]> {
  const ofStage = context.outputs[`${context.stage}/infrastructure`]?.outputs;
  const outputs = isObject(ofStage) ? ofStage : await lastOutputs(context);
  return Object.entries(outputs).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' ? [] : [[`outputs.${name}`, String(value)]],
  );
}

const inventoryShape = z.object({ outputs: z.record(z.string(), z.json()) });

async function lastOutputs({ content, inventories }: StepContext): Promise<Readonly<Record<string, Json>>> {
  const inventory = inventories.infrastructure ?? null;
  return (await readInventory({ content, inventory }, inventoryShape))?.outputs ?? {};
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
