import type { DatabricksOptions } from '../../../sandbox/databricks/context.ts';
import { createDatabricksTwin } from '../../../sandbox/databricks/twin.ts';
import { parseJson, stringifyJson } from '../../../sandbox/twin/big-json.ts';
import { createChance } from '../../../sandbox/twin/chance.ts';
import type { TwinSettings } from '../../../sandbox/twin/model.ts';

/** What a call of a test may send besides method and path. */
export interface Sent {
  body?: unknown;
  raw?: Uint8Array | string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
}

/** A workspace twin on a clock that only moves when told, without rate limits, and a way to call it. */
export function openWorkspace(options: TwinSettings & DatabricksOptions = {}) {
  let now = Date.UTC(2026, 0, 1);
  const clock = {
    now: () => now,
    sleep: async (durationInMs: number) => {
      now += durationInMs;
    },
  };
  const twin = createDatabricksTwin({ clock, chance: createChance(42), limits: [], ...options });
  const call = async (method: string, path: string, sent: Sent = {}) => {
    const query = new URLSearchParams(sent.query).toString();
    const body = sent.raw ?? (sent.body === undefined ? '' : stringifyJson(sent.body));
    const url = `https://adb.example${path}${query ? `?${query}` : ''}`;
    const response = await twin.handle({ method, url, headers: sent.headers ?? {}, body: Buffer.from(body) });
    return { status: response.status, headers: response.headers, body: bodyOf(response), raw: response.body };
  };
  const pass = (durationInMs: number) => {
    now += durationInMs;
  };
  return { twin, call, pass };
}

/** The base64 text of some content. */
export function base64(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64');
}

function bodyOf(response: { headers: Record<string, string>; body: Uint8Array }): unknown {
  const isJson = response.headers['content-type']?.startsWith('application/json');
  return isJson && response.body.length > 0
    ? parseJson(Buffer.from(response.body).toString('utf8'))
    : undefined;
}
