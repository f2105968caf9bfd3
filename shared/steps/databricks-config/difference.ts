import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import { canonicalJson } from '../../release/canonical-json.ts';
import { isSameIdentity } from './identity.ts';

/** Fields of which the API takes a value and never tells it. */
const NEVER_TOLD = new Set(['apply_policy_default_values', 'clone_from']);
/** Lists of objects whose order means something; of all others it does not, and servers do not keep it. */
const ORDERED = new Set(['init_scripts']);
/** What an entry of a list is called by. */
const KEYS = ['task_key', 'job_cluster_key', 'environment_key', 'name'];

/**
 * The fields of a file that something real does not have as the file says, sorted. What the server adds does not
 * count, nor the order of lists of objects.
 * @param isUnknown texts whose value is not known yet: they take part in no comparison.
 */
export function differenceOf(
  wanted: ApiObject,
  real: ApiObject,
  isUnknown: (text: string) => boolean = () => false,
): string[] {
  const compared = { isUnknown };
  return Object.keys(wanted)
    .filter((key) => !holds(real[key], wanted[key], { ...compared, key }))
    .sort();
}

/** Of something real only what a file has of it, in an order that does not depend on the server. For digests. */
export function managedPart(wanted: ApiObject, real: ApiObject): unknown {
  const keys = Object.keys(wanted).filter((key) => real[key] !== undefined);
  return inOrder(Object.fromEntries(keys.map((key) => [key, real[key]])));
}

/** A value whose lists are sorted where their order means nothing. */
export function inOrder(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((each) => inOrder(each));
    return ORDERED.has(key) || !value.every(isObject) ? items : sorted(items);
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inOrder(each, name)]));
}

function sorted(list: readonly unknown[]): unknown[] {
  const keyed = list.map((each) => [canonicalJson(each), each] as const);
  return keyed.sort(([left], [right]) => (left < right ? -1 : 1)).map(([, each]) => each);
}

/** Whether two things of a list are the same, whatever the order of their keys. */
export function isSame(left: unknown, right: unknown): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

interface Place {
  /** The field that holds the value, or the list of it. */
  readonly key: string;
  readonly isUnknown: (text: string) => boolean;
}

function holds(real: unknown, wanted: unknown, place: Place): boolean {
  const { key, isUnknown } = place;
  if (NEVER_TOLD.has(key)) return true;
  if (key === 'run_as') return isSameIdentity(real, wanted);
  if (typeof wanted === 'string' && isUnknown(wanted)) return true;
  if (isEmpty(wanted) && (real === undefined || real === null)) return true;
  if (Array.isArray(wanted)) return Array.isArray(real) && listHolds(real, wanted, place);
  if (isObject(wanted))
    return (
      isObject(real) &&
      Object.keys(wanted).every((each) => holds(real[each], wanted[each], { ...place, key: each }))
    );
  if (key === 'definition') return isSameJson(real, wanted);
  // Values of references are text, whatever type the field has.
  return isPrimitive(real) && String(real) === String(wanted);
}

function listHolds(real: readonly unknown[], wanted: readonly unknown[], place: Place): boolean {
  if (real.length !== wanted.length) return false;
  if (ORDERED.has(place.key) || !wanted.every(isObject))
    return wanted.every((each, index) => holds(real[index], each, place));
  const key = KEYS.find((name) => wanted.every((each) => typeof each[name] === 'string'));
  const left = [...real];
  return wanted.every((each) => {
    const index = left.findIndex((other) =>
      key === undefined ? holds(other, each, place) : isObject(other) && other[key] === each[key],
    );
    const [found] = index < 0 ? [] : left.splice(index, 1);
    return index >= 0 && holds(found, each, place);
  });
}

/** Servers leave out what is empty. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

function isPrimitive(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isSameJson(left: unknown, right: unknown): boolean {
  try {
    return isSame(JSON.parse(String(left)), JSON.parse(String(right)));
  } catch {
    return left === right;
  }
}

function isObject(value: unknown): value is ApiObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
