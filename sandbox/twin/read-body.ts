import { parseJson } from './big-json.ts';
import { bytes, noBody, type Operation } from './contract.ts';
import type { TwinRequest } from './exchange.ts';

type Body = { ok: true; value: unknown } | { ok: false; why: string };

/** Reads the body of a request the way its operation wants it; a body without content is an empty object. */
export async function readBody(operation: Operation, request: TwinRequest): Promise<Body> {
  if (operation.body === bytes) return { ok: true, value: request.body };
  if (operation.multipart && isMultipart(request)) return { ok: true, value: await readForm(request) };
  const text = Buffer.from(request.body).toString('utf8');
  if (operation.body === noBody && isNothing(text)) return { ok: true, value: undefined };
  try {
    return { ok: true, value: text === '' ? {} : parseJson(text) };
  } catch {
    return { ok: false, why: 'body: not JSON' };
  }
}

/** Whether the body came as multipart/form-data. */
export function isMultipart(request: TwinRequest): boolean {
  return (request.headers['content-type'] ?? '').startsWith('multipart/form-data');
}

/** Clients send `{}` where there is nothing to say. */
function isNothing(text: string): boolean {
  return text.trim() === '' || text.trim() === '{}';
}

async function readForm(request: TwinRequest): Promise<Record<string, unknown>> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Response(request.body.slice(), { headers }).formData();
  const fields: Record<string, unknown> = {};
  for (const [name, value] of form) fields[name] = await formValue(value);
  return fields;
}

async function formValue(value: string | Blob): Promise<unknown> {
  if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer()).toString('base64');
  return value === 'true' || value === 'false' ? value === 'true' : value;
}
