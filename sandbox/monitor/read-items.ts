import { gunzipSync } from 'node:zlib';
import type { TwinRequest } from '../twin/exchange.ts';

/** The items of a request, not yet checked; throws when the body is no JSON. */
export function readItems({ headers, body }: Pick<TwinRequest, 'headers' | 'body'>): unknown[] {
  const compressed = headers['content-encoding']?.toLowerCase() === 'gzip';
  const text = (compressed ? gunzipSync(body) : Buffer.from(body)).toString('utf8').trim();
  if (text.startsWith('[')) {
    const items: unknown = JSON.parse(text);
    return Array.isArray(items) ? items : [];
  }
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line));
}
