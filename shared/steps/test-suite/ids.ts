import * as z from 'zod';
import type { Json } from '../../release/canonical-json.ts';
import type { StepContext } from '../step.ts';

const STEP = 'databricks-config';
const KINDS = ['clusters', 'policies'] as const;

/** What the inventory of the step says of the things it made, as far as their ids go. */
const inventoryShape = z.object({
  clusters: z.record(z.string(), z.object({ id: z.string().min(1) })).optional(),
  policies: z.record(z.string(), z.object({ id: z.string().min(1) })).optional(),
});

/**
 * What `clusters.NAME` and `policies.NAME` stand for in a stage that comes after the deployment of its environment:
 * ids of what the step `databricks-config` put there, in this run or, where nothing was to change, before.
 */
export async function deployedIds(context: StepContext): Promise<ReadonlyMap<string, string>> {
  const output = context.outputs[`${context.environment}/${STEP}`] ?? {};
  const before = await readIds(context);
  return new Map(
    KINDS.flatMap((kind) => {
      const ids = { ...before[kind], ...textsIn(output[kind]) };
      return Object.entries(ids).map(([name, id]) => [`${kind}.${name}`, id] as const);
    }),
  );
}

async function readIds({
  content,
  inventories,
}: StepContext): Promise<Partial<Record<(typeof KINDS)[number], Record<string, string>>>> {
  const digest = inventories[STEP]?.digest ?? null;
  if (digest === null) return {};
  const read = inventoryShape.safeParse(JSON.parse(new TextDecoder().decode(await content.get(digest))));
  if (!read.success) return {};
  const { clusters = {}, policies = {} } = read.data;
  return { clusters: idsOf(clusters), policies: idsOf(policies) };
}

function idsOf(things: Readonly<Record<string, { readonly id: string }>>): Record<string, string> {
  return Object.fromEntries(Object.entries(things).map(([name, { id }]) => [name, id]));
}

function textsIn(value: Json | undefined): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
