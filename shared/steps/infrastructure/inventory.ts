import * as z from 'zod';
import type { ResourceDifference } from '../../engine/arm-client.ts';
import type { Json } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { readInventory, storeInventory, uncertainChanges } from '../inventory.ts';
import type { StepContext } from '../step.ts';
import type { NoiseLeaf } from './leaves.ts';
import type { Infrastructure } from './source.ts';

const first = z.strictObject({
  schema: z.literal(1),
  /** SHA-256 of place, template and parameters. */
  content: z.string(),
  deploymentId: z.string(),
  /** Name of the deployment in the history of the resource group. */
  deployment: z.string(),
  outputs: z.record(z.string(), z.json()),
});

const inventoryShape = z.union([
  first,
  first.extend({
    schema: z.literal(2),
    /** Content that was deployed before this one, oldest first, with the id that it had then. */
    earlier: z.array(z.strictObject({ content: z.string(), deploymentId: z.string() })),
    /** Ids of the resources of the template, as far as what-if told them. */
    resources: z.array(z.string()),
    /** Ids of those that earlier templates had. */
    left: z.array(z.string()),
    /** What what-if shows of this content although nothing would change; older inventories do not know it. */
    noise: z.array(z.strictObject({ resource: z.string(), path: z.string(), digest: z.string() })).optional(),
  }),
]);

/** What Slipway knows of the environment's infrastructure. */
export type Deployed = Extract<z.infer<typeof inventoryShape>, { schema: 2 }>;

/** More contents than anybody rolls back over. */
const LONGEST_HISTORY = 50;

/** What was deployed last; null when nothing was. */
export async function readDeployed(context: StepContext): Promise<Deployed | null> {
  const stored = await readInventory(context, inventoryShape);
  return stored?.schema === 1 ? { ...stored, schema: 2, earlier: [], resources: [], left: [] } : stored;
}

export interface Deploying extends Resources {
  readonly content: string;
  readonly deploymentId: string;
  readonly deployment: string;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly noise: readonly NoiseLeaf[];
}

/** Stores what was deployed now. @param before what was deployed until then. */
export function storeDeployed(
  context: StepContext,
  before: Deployed | null,
  { noise, ...now }: Deploying,
): Promise<string> {
  const former =
    before === null
      ? []
      : [...before.earlier, { content: before.content, deploymentId: before.deploymentId }];
  const earlier = former.filter(
    ({ content }, index) =>
      content !== now.content && former.findLastIndex((each) => each.content === content) === index,
  );
  const known = noise.length === 0 ? {} : { noise };
  return storeInventory(context, { ...now, ...known, schema: 2, earlier: earlier.slice(-LONGEST_HISTORY) });
}

/**
 * The id with which this content was deployed, if it has to keep it: it is there already, or an older release comes
 * back, whose resources must become what they were, with their tags.
 */
export function keptId(deployed: Deployed | null, { run }: StepContext, content: string): string | undefined {
  if (deployed === null) return undefined;
  if (deployed.content === content) return deployed.deploymentId;
  if (run.kind === 'release') return undefined;
  return deployed.earlier.find((each) => each.content === content)?.deploymentId;
}

/** Ids of resources, those of the template and those that stay although they are not in it. */
export interface Resources {
  readonly resources: readonly string[];
  readonly left: readonly string[];
}

/** Changes whose deployment began, and nobody knows how it ended. */
export interface Begun {
  readonly isUncertain: boolean;
  /** Ids of resources that they may have made. */
  readonly resources: readonly string[];
}

export async function begunIn(context: StepContext): Promise<Begun> {
  const changes = await uncertainChanges(context);
  return {
    isUncertain: changes.length > 0,
    resources: changes.flatMap((each) => resourcesIn(each).resources),
  };
}

/** Part of an output: ids of resources that stay in Azure although the template does not have them. */
export function leftIn(left: readonly string[]): { readonly left?: readonly string[] } {
  return left.length === 0 ? {} : { left };
}

const shape = z.object({ resources: z.array(z.string()), left: z.array(z.string()) });

/** What a plan says in the change of its template. */
export function resourcesIn({ data }: Change): Resources {
  return shape.safeParse(data).data ?? { resources: [], left: [] };
}

const DEPLOYMENTS = /\/providers\/Microsoft\.Resources\/deployments\/[^/]+$/i;

/** Whether an id is that of an entry in the history of a resource group, which every deployment adds. */
export function isDeployment(id: string): boolean {
  return DEPLOYMENTS.test(id);
}

/**
 * Which resources the template has, and which of those that earlier ones had are there although it has not. Incremental
 * mode never removes any. What-if says of resources that stand right in the group whether they exist (`Ignore`).
 */
export function resourcesOf(
  differences: readonly ResourceDifference[],
  earlier: readonly string[],
  { subscription, resourceGroup }: Infrastructure,
): Resources {
  const own = differences.filter(
    ({ changeType, resourceId }) =>
      !['Ignore', 'Unsupported', 'Delete'].includes(changeType) && !isDeployment(resourceId),
  );
  const resources = sortedIds(own.map(({ resourceId }) => resourceId));
  const inTemplate = new Set(resources.map((id) => id.toLowerCase()));
  const seen = new Set(differences.map(({ resourceId }) => resourceId.toLowerCase()));
  const group = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/`.toLowerCase();
  const isGone = (id: string) => id.startsWith(group) && !seen.has(rootOf(id));
  const left = sortedIds(earlier).filter(
    (id) => !inTemplate.has(id.toLowerCase()) && !isGone(id.toLowerCase()),
  );
  return { resources, left };
}

/** The resource right in the group that another one belongs to: `…/providers/NAMESPACE/TYPE/NAME`. */
function rootOf(id: string): string {
  return id.split('/').slice(0, 9).join('/');
}

/** Ids have no case: of two spellings the first one is kept. */
function sortedIds(ids: readonly string[]): string[] {
  const bySpelling = new Map(ids.toReversed().map((id) => [id.toLowerCase(), id]));
  return [...bySpelling].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, id]) => id);
}
