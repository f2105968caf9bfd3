import type { IncomingMessage } from 'node:http';
import { childTrace } from '../trace-context.ts';
import type { RpcInvocationRequest, RpcNullable } from '../worker/core-types.ts';
import type { RouteMatch } from './routes.ts';

/** The real host's default; a bigger body is answered with 413. */
export const bodyLimitInBytes = 100 * 1024 * 1024;

/** Says that a request's body is beyond the limit. */
export class BodyTooLarge extends Error {}

/**
 * Reads the body as the host does: only one that announces its length. The body of a chunked request does not reach
 * the function, whoever sends it.
 *
 * @throws BodyTooLarge
 */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > bodyLimitInBytes) throw new BodyTooLarge();
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (length > 0) chunks.push(chunk);
  return length > 0 ? Buffer.concat(chunks) : undefined;
}

export interface HttpRequestParts {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** What the function's worker gets of an HTTP request. */
export function toInvocationRequest(match: RouteMatch, parts: HttpRequestParts): RpcInvocationRequest {
  const { method, url, headers, body } = parts;
  const http = {
    method,
    url: url.href,
    nullableHeaders: nullable(headers),
    nullableQuery: nullable(queryOf(url)),
    nullableParams: nullable(match.params),
    ...(body ? { body: { bytes: body } } : {}),
  };
  return {
    inputData: [{ name: match.trigger.bindingName, data: { http } }],
    triggerMetadata: {},
    traceContext: childTrace(headers.traceparent, headers.tracestate),
  };
}

/** Headers by lower-case name, the values of a repeated one joined by commas. */
export function headersOf(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headersDistinct).map(
    ([name, values]) => [name, (values ?? []).join(name === 'cookie' ? '; ' : ',')] as const,
  );
  return Object.fromEntries(entries);
}

/** A parameter that occurs several times reaches the function as one, its values joined by commas. */
function queryOf(url: URL): Record<string, string> {
  const names = new Set(url.searchParams.keys());
  return Object.fromEntries([...names].map((name) => [name, url.searchParams.getAll(name).join(',')]));
}

function nullable(values: Record<string, string>): Record<string, RpcNullable<string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}
