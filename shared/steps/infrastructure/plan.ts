import type { ResourceDifference } from '../../engine/arm-client.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import type { Deployed, Resources } from './inventory.ts';
import { isDeployment } from './inventory.ts';
import type { Leaf, NoiseLeaf } from './leaves.ts';
import { leavesOf, notAmong } from './leaves.ts';
import type { Infrastructure } from './source.ts';

/** What the plan is made from besides what-if. */
export interface PlanParts extends Resources {
  readonly wanted: Infrastructure;
  readonly deploymentId: string;
  /** What was deployed last; null when nothing was. */
  readonly deployed: Pick<Deployed, 'content' | 'noise'> | null;
  /** An earlier deployment was begun, and nobody knows how it ended. */
  readonly isUncertain: boolean;
}

/**
 * The changes of a deployment: the template itself where it or its parameters are new, and every resource that
 * what-if sees change. None where the same content is deployed already and what-if sees nothing.
 */
export function changesFor(differences: readonly ResourceDifference[], parts: PlanParts): Change[] {
  const { wanted, deploymentId, deployed, isUncertain, resources, left } = parts;
  const isNew = deployed?.content !== wanted.digest || isUncertain;
  const noise = isNew ? [] : (deployed.noise ?? []);
  const changes = differences.flatMap((difference) => resourceChange(difference, { wanted, isNew, noise }));
  if (!isNew && changes.length === 0) return [];
  const template: Change = {
    target: `main.json in ${wanted.resourceGroup}`,
    action: deployed === null ? 'create' : 'update',
    before: deployed?.content ?? null,
    after: wanted.digest,
    class: 'compensable',
    detail: `${reason(parts, isNew)}${unanalysed(differences)}${staying(parts)}`,
    data: { deploymentId, resources, left },
  };
  return [template, ...changes];
}

function reason({ deployed, isUncertain }: PlanParts, isNew: boolean): string {
  if (!isNew) return 'deployed again, since resources differ from it';
  if (isUncertain) return 'deployed again, since an earlier deployment was interrupted';
  return deployed === null ? 'template and parameters' : 'the template or its parameters changed';
}

function unanalysed(differences: readonly ResourceDifference[]): string {
  const count = differences.filter(({ changeType }) => changeType === 'Unsupported').length;
  if (count === 0) return '';
  return `; ${count} ${count === 1 ? 'resource' : 'resources'} can be analysed only while it is deployed`;
}

/** No change, since nobody removes them; but whoever approves a rollback has to know. */
function staying({ left, wanted }: PlanParts): string {
  if (left.length === 0) return '';
  return `; not in main.json any more, and left in Azure: ${left.map((id) => shortId(id, wanted)).join(', ')}`;
}

interface Sight {
  readonly wanted: Infrastructure;
  readonly isNew: boolean;
  /** What what-if shows of this content although nothing would change. */
  readonly noise: readonly NoiseLeaf[];
}

function resourceChange(difference: ResourceDifference, { wanted, isNew, noise }: Sight): Change[] {
  const { resourceId, changeType, after } = difference;
  if (isDeployment(resourceId)) return [];
  const target = shortId(resourceId, wanted);
  switch (changeType) {
    case 'Create':
      return [{ target, action: 'create', before: null, after: digestOf(after), class: 'forward-only' }];
    case 'Modify':
      return modification(target, leavesOf(difference).filter(notAmong(noise, difference)));
    case 'Delete':
      return [{ target, action: 'delete', before: digestOf(resourceId), after: null, class: 'forward-only' }];
    // "Is deployed, whatever changes" says nothing of what was deployed before.
    case 'Deploy':
      return isNew ? [{ ...unclear(target), before: null, after: wanted.digest }] : [];
    default:
      return [];
  }
}

function unclear(target: string): Pick<Change, 'target' | 'action' | 'class' | 'detail'> {
  return { target, action: 'update', class: 'compensable', detail: 'Azure does not say what changes' };
}

/** Paths only: a value may be one that is nobody's business. */
function modification(target: string, leaves: readonly Leaf[]): Change[] {
  if (leaves.length === 0) return [];
  const sorted = [...leaves].sort((left, right) => (left.path < right.path ? -1 : 1));
  return [
    {
      target,
      action: 'update',
      before: digestOf(sorted.map(({ path, before }) => [path, before])),
      after: digestOf(sorted.map(({ path, after }) => [path, after])),
      class: 'reversible',
      detail: sorted
        .map(({ path, propertyChangeType }) => `${SIGNS[propertyChangeType] ?? '~'}${path}`)
        .join(', '),
    },
  ];
}

const SIGNS: Readonly<Record<string, string>> = { Create: '+', Delete: '-' };

/** Type and name of a resource of this resource group; the whole id of any other one. */
function shortId(id: string, { subscription, resourceGroup }: Infrastructure): string {
  const own = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/`;
  return id.toLowerCase().startsWith(own.toLowerCase()) ? id.slice(own.length) : id;
}

function digestOf(value: unknown): string {
  return sha256(canonicalJson(value ?? null));
}
