import { isRecord } from '../json.ts';
import type { RpcTypedData } from '../worker/core-types.ts';

const isoDate = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * The real host copies every top-level property of a JSON body, but arrays and nulls, over the trigger metadata,
 * whatever the case of its name. A body with a `messageId` so replaces the id that the broker gave. It is a trap,
 * kept here so that an app that falls into it does so before it is on Azure.
 */
export function applyBodyProperties(
  metadata: Record<string, RpcTypedData>,
  body: string,
): Record<string, RpcTypedData> {
  const parsed = parseObject(body);
  const result = { ...metadata };
  const names = new Map(Object.keys(metadata).map((name) => [name.toLowerCase(), name]));
  for (const [name, value] of Object.entries(parsed)) {
    if (value === null || Array.isArray(value)) continue;
    const known = names.get(name.toLowerCase()) ?? name;
    names.set(name.toLowerCase(), known);
    result[known] = isRecord(value) ? { json: JSON.stringify(value) } : { string: toDotNetText(value) };
  }
  return result;
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** .NET's invariant text of a value: `True`, and for what looks like a date `MM/dd/yyyy HH:mm:ss`. */
function toDotNetText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'string' || !isoDate.test(value)) return String(value);
  const date = new Date(/(Z|[+-]\d{2}:\d{2})$/.test(value) ? value : `${value}Z`);
  if (Number.isNaN(date.getTime())) return value;
  const [year = '', month = '', day = '', time = ''] = date.toISOString().split(/[-T.]/);
  return `${month}/${day}/${year} ${time}`;
}
