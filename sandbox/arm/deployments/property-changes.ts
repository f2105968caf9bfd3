import { isObject, sameValue, type Value, type ValueObject } from '../expressions/value.ts';

/** One difference of a property, as what-if shows it. */
export interface PropertyChange {
  path: string;
  propertyChangeType: 'Create' | 'Delete' | 'Modify' | 'Array' | 'NoEffect';
  before?: Value;
  after?: Value;
  children?: PropertyChange[];
}

/** Differences between two states of a resource: objects by dotted paths, arrays by their items. */
export function propertyChanges(before: ValueObject, after: ValueObject, at = ''): PropertyChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const path = at === '' ? name : `${at}.${name}`;
    return changesOf(path, before[name], after[name]);
  });
}

function changesOf(path: string, before: Value | undefined, after: Value | undefined): PropertyChange[] {
  if (sameValue(before, after)) return [];
  if (isObject(before) && isObject(after)) return propertyChanges(before, after, path);
  if (Array.isArray(before) && Array.isArray(after))
    return [{ path, propertyChangeType: 'Array', children: itemChanges(before, after) }];
  if (before === undefined || before === null)
    return after === undefined || after === null ? [] : [{ path, propertyChangeType: 'Create', after }];
  if (after === undefined || after === null) return [{ path, propertyChangeType: 'Delete', before }];
  return [{ path, propertyChangeType: 'Modify', before, after }];
}

/** Items are paired by what they are, then by their place; paths below an array start at the item's index. */
function itemChanges(before: readonly Value[], after: readonly Value[]): PropertyChange[] {
  const gone = unmatched(before, after);
  const added = unmatched(after, before);
  const count = Math.max(gone.length, added.length);
  return Array.from({ length: count }).flatMap((_item, index) => {
    const [old, fresh] = [gone[index], added[index]];
    return itemChange(String(fresh?.index ?? old?.index ?? index), old?.item, fresh?.item);
  });
}

function itemChange(path: string, before: Value | undefined, after: Value | undefined): PropertyChange[] {
  if (!isObject(before) || !isObject(after)) return changesOf(path, before, after);
  return [{ path, propertyChangeType: 'Modify', children: propertyChanges(before, after) }];
}

/** Items of one list without a partner in the other one, each with its index. */
function unmatched(items: readonly Value[], others: readonly Value[]): { item: Value; index: number }[] {
  const left = [...others];
  return items.flatMap((item, index) => {
    const at = left.findIndex((other) => sameValue(item, other));
    if (at >= 0) left.splice(at, 1);
    return at >= 0 ? [] : [{ item, index }];
  });
}
