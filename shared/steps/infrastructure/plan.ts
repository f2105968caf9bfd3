import type { PropertyDifference, ResourceDifference } from '../../engine/arm-client.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import type { Resources } from './inventory.ts';
import { isDeployment } from './inventory.ts';
import type { Infrastructure } from './source.ts';

/** What the plan is made from besides what-if. */
export interface PlanParts extends Resources {
  readonly wanted: Infrastructure;
  readonly deploymentId: string;
  /** Content that was deployed last; null when none was. */
  readonly deployed: string | null;
  /** An earlier deployment was begun, and nobody knows how it ended. */
  readonly isUncertain: boolean;
}

/**
 * The changes of a deployment: the template itself where it or its parameters are new, and every resource that
 * what-if sees change. None where the same content is deployed already and what-if sees nothing.
 */
export function changesFor(differences: readonly ResourceDifference[], parts: PlanParts): Change[] {
  const { wanted, deploymentId, deployed, isUncertain, resources, left } = parts;
  const isNew = deployed !== wanted.digest || isUncertain;
  const changes = differences.flatMap((difference) => resourceChange(difference, { wanted, isNew }));
  if (!isNew && changes.length === 0) return [];
  const template: Change = {
    target: `main.json in ${wanted.resourceGroup}`,
    action: deployed === null ? 'create' : 'update',
    before: deployed,
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

function resourceChange(
  { resourceId, changeType, after, delta }: ResourceDifference,
  { wanted, isNew }: { readonly wanted: Infrastructure; readonly isNew: boolean },
): Change[] {
  if (isDeployment(resourceId)) return [];
  const target = shortId(resourceId, wanted);
  switch (changeType) {
    case 'Create':
      return [{ target, action: 'create', before: null, after: digestOf(after), class: 'forward-only' }];
    case 'Modify':
      return modification(target, leavesOf(delta ?? []).filter(counts));
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

type Leaf = Omit<PropertyDifference, 'children'>;

function leavesOf(differences: readonly PropertyDifference[], at = ''): Leaf[] {
  return differences.flatMap(({ children, ...difference }) => {
    const path = pathBelow(at, difference.path);
    return children != null && children.length > 0 ? leavesOf(children, path) : [{ ...difference, path }];
  });
}

function pathBelow(at: string, path: string): string {
  if (/^\d+$/.test(path)) return `${at}[${path}]`;
  return at === '' ? path : `${at}.${path}`;
}

/** Names of properties that only the service writes. */
const WRITTEN_BY_AZURE =
  /(^|\.)(etag|provisioningState|systemData|creationTime|createdAt|changedTime|lastModified\w*)$/i;

/** Whether a difference is one: what-if also shows what nobody declared, and what it cannot know before. */
function counts({ path, propertyChangeType, before, after }: Leaf): boolean {
  if (propertyChangeType === 'NoEffect' || WRITTEN_BY_AZURE.test(path)) return false;
  if (isExpression(after)) return false;
  return canonicalJson(before ?? null) !== canonicalJson(after ?? null);
}

/** Of the template language; `[[` begins a literal bracket. */
function isExpression(value: unknown): boolean {
  return typeof value === 'string' && /^\[[^[].*\]$/s.test(value);
}

/** Type and name of a resource of this resource group; the whole id of any other one. */
function shortId(id: string, { subscription, resourceGroup }: Infrastructure): string {
  const own = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/`;
  return id.toLowerCase().startsWith(own.toLowerCase()) ? id.slice(own.length) : id;
}

function digestOf(value: unknown): string {
  return sha256(canonicalJson(value ?? null));
}
