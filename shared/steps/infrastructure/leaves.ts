import type { PropertyDifference, ResourceDifference } from '../../engine/arm-client.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';

/** A difference of a property that has none inside. Its path begins at the resource. */
export type Leaf = Omit<PropertyDifference, 'children'>;

/** A difference that what-if shows although nothing would change. */
export interface NoiseLeaf {
  /** Id of the resource. */
  readonly resource: string;
  readonly path: string;
  /** Says which resource, property, kind of difference and value before it is; the value itself is nobody's business. */
  readonly digest: string;
}

/** Differences of properties of a resource, as far as they are ones. */
export function leavesOf({ delta }: ResourceDifference): Leaf[] {
  return leavesBelow(delta ?? []).filter(counts);
}

/** All that what-if shows of the properties of resources, when it is known that nothing would change. */
export function noiseIn(differences: readonly ResourceDifference[]): NoiseLeaf[] {
  return differences
    .filter(({ changeType }) => changeType === 'Modify')
    .flatMap((difference) =>
      leavesOf(difference).map((leaf) => ({
        resource: difference.resourceId,
        path: leaf.path,
        digest: digestOf(difference, leaf),
      })),
    )
    .sort((left, right) => (left.digest < right.digest ? -1 : 1));
}

/** Whether a leaf is not known as noise. */
export function notAmong(noise: readonly NoiseLeaf[], difference: ResourceDifference) {
  const known = new Set(noise.map(({ digest }) => digest));
  return (leaf: Leaf): boolean => !known.has(digestOf(difference, leaf));
}

/** The id is in it, so that equal values of two resources do not look equal. */
function digestOf({ resourceId }: ResourceDifference, { path, propertyChangeType, before }: Leaf): string {
  return sha256(canonicalJson([resourceId.toLowerCase(), path, propertyChangeType, before ?? null]));
}

function leavesBelow(differences: readonly PropertyDifference[], at = ''): Leaf[] {
  return differences.flatMap(({ children, ...difference }) => {
    const path = pathBelow(at, difference.path);
    if (children != null && children.length > 0) return leavesBelow(children, path);
    return difference.propertyChangeType === 'Delete'
      ? removals(path, difference.before)
      : [{ ...difference, path }];
  });
}

/** An object that goes is told property by property: some of them only Azure writes, and each may change for itself. */
function removals(path: string, before: unknown): Leaf[] {
  const inside = isObject(before) ? Object.entries(before) : [];
  if (inside.length === 0) return [{ path, propertyChangeType: 'Delete', before }];
  return inside.flatMap(([name, value]) => removals(pathBelow(path, name), value));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
