import type { SecurableInfo } from '../../engine/databricks-client.ts';
import type { Json } from '../../release/canonical-json.ts';
import type { Settings } from './change.ts';
import { holds, isMap, isObject, pick } from './difference.ts';
import type { Securable } from './file.ts';

type Setting = { readonly path: readonly string[]; readonly was: unknown };

/** What fields that are about to be changed hold now; of a map only the keys that the file has. */
export function formerSettings(
  { body }: Securable,
  there: SecurableInfo,
  fields: readonly string[],
): Setting[] {
  return fields.flatMap((field): Setting[] => {
    const [wanted, held] = [body[field], there[field]];
    if (!isMap(field) || !isObject(wanted)) return [{ path: [field], was: pick(wanted, held) }];
    return Object.entries(wanted)
      .map(([key, value]) => ({ path: [field, key], value, was: valueAt(there, [field, key]) }))
      .filter(({ value, was }) => !holds(was, value))
      .map(({ path, was }) => ({ path, was }));
  });
}

/** Whether a file says what a setting has to be. */
export function names({ body }: Securable, [field = '', key]: readonly string[]): boolean {
  const value = body[field];
  return value !== undefined && (key === undefined || !isObject(value) || value[key] !== undefined);
}

/** How to give settings their former values. */
export interface WayBack {
  /** To send, with the whole of their new values. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Settings that differ, and to which `fields` gives their former values. */
  readonly settings: Settings;
  /** Paths of those that had no value, and cannot be without one again. */
  readonly stuck: readonly string[];
}

export function wayBack(there: SecurableInfo, former: Settings): WayBack {
  const fields: Record<string, unknown> = {};
  const settings: Settings = [];
  const stuck: string[] = [];
  for (const setting of former.filter(({ path, was }) => !isSame(valueAt(there, path), was))) {
    const { path, was } = setting;
    const [field = '', key] = path;
    if (key === undefined && was === null && field !== 'comment') {
      stuck.push(field);
      continue;
    }
    fields[field] = key === undefined ? (was ?? '') : withKey(fields[field] ?? there[field], key, was);
    settings.push(setting);
  }
  return { fields, settings, stuck };
}

function withKey(map: unknown, key: string, value: Json): Record<string, unknown> {
  const { [key]: _replaced, ...others } = isObject(map) ? map : {};
  return value === null ? others : { ...others, [key]: value };
}

/** The value of a setting; null where there is none. */
export function valueAt(there: SecurableInfo, [field = '', key]: readonly string[]): unknown {
  const value = there[field];
  if (key === undefined) return value ?? null;
  return (isObject(value) ? value[key] : null) ?? null;
}

/** An empty text is as good as none. */
function isSame(there: unknown, was: Json): boolean {
  return was === null ? there === null || there === '' : holds(there, was);
}
