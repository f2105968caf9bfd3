import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient, PipelineResponse } from '@azure/core-rest-pipeline';
import { createDefaultHttpClient, createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { parse, stringify } from 'lossless-json';
import type { Clock } from '../engine/ports.ts';
import { messageOf, Refusal, TransientFailure } from '../errors.ts';
import { tokenHeaders } from './bearer-tokens.ts';
import type { HostLimits, Limit } from './host-limit.ts';
import { SILENCE_IN_MS } from './host-limit.ts';
import { HttpError, readErrorBody } from './http-error.ts';

/** One place on the network, and how to talk to it. */
export interface HttpOptions {
  /** Origin and path prefix, e.g. `https://dev.azure.com`. Plain http is for loopback only. */
  readonly baseUrl: string;
  /** Null where no bearer token is wanted. */
  readonly credential: TokenCredential | null;
  readonly scope: string;
  /** Another token of the credential that the service wants, and the header that holds it. */
  readonly secondToken?: { readonly scope: string; readonly header: string };
  readonly clock: Clock;
  /** The sender of requests: the network by default, the twins themselves under virtual time. */
  readonly httpClient?: HttpClient;
  readonly limits?: { readonly of: HostLimits; readonly limit: Limit };
  readonly headers?: Readonly<Record<string, string>>;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: Method;
  /** Below the base; path parameters are encoded by the caller (`segment`). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON; a bigint as a number with all its digits. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** May be sent again after a lost answer. Default: all methods but POST and PATCH. */
  readonly idempotent?: boolean;
  /** Statuses besides 2xx that the caller wants as an answer. */
  readonly accept?: readonly number[];
  /** A larger body is not read to its end; no limit when absent. */
  readonly mostBytes?: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /**
   * The body as JSON. Whole numbers that a JavaScript number cannot hold stay text, so that ids survive.
   * @throws HttpError when it is not JSON.
   */
  json(): unknown;
}

export interface Http {
  /**
   * @throws HttpError on any other status than 2xx and those in `accept`
   * @throws TransientFailure when there is no answer after the last try
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}

const TIMEOUT_IN_MS = 60_000;
const MOST_RETRIES = 3;
/** Who is asked to wait longer gives up at once: to come back sooner would only be refused again. */
const LONGEST_WAIT_IN_MS = 30_000;

/** Makes the one way in which Slipway talks to a service over HTTP. Redirects are answers here, never followed. */
export function createHttp(options: HttpOptions): Http {
  const base = new URL(options.baseUrl);
  if (base.protocol !== 'https:' && !isLoopback(base)) {
    throw new Error(`${options.baseUrl}: only https is allowed, except on loopback`);
  }
  const client = options.httpClient ?? createDefaultHttpClient();
  const tokens = tokenHeaders(options);
  const limit = options.limits?.of.of(base.host, options.limits.limit);
  const once = async (request: HttpRequest) => {
    const authorization = await tokens.headers();
    const { mostBytes } = request;
    const send = () => sendOnce(client, toPipelineRequest(options, request, authorization), mostBytes);
    const answer = await (limit === undefined ? send() : limit.run(send));
    if (answer.status === 401) tokens.forget();
    return answer;
  };
  return {
    async send(request) {
      // Without the slash, `@host` or `.host` would make another host of the base.
      if (!/^(\/|$)/.test(request.path)) throw new Error(`${request.path} does not begin with a slash`);
      return sendWithRetries(once, request, options.clock);
    },
  };
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function toPipelineRequest(
  options: HttpOptions,
  request: HttpRequest,
  authorization: Readonly<Record<string, string>>,
) {
  const url = new URL(options.baseUrl.replace(/\/$/, '') + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers = createHttpHeaders({ accept: 'application/json', ...options.headers });
  if (request.json !== undefined) headers.set('content-type', 'application/json');
  else if (request.body !== undefined) headers.set('content-type', 'application/octet-stream');
  for (const [name, value] of Object.entries({ ...request.headers, ...authorization }))
    headers.set(name, value);
  const body = request.json === undefined ? request.body : stringify(request.json);
  return createPipelineRequest({
    url: url.toString(),
    method: request.method,
    headers,
    timeout: TIMEOUT_IN_MS,
    allowInsecureConnection: url.protocol === 'http:',
    streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]),
    ...(body === undefined ? {} : { body }),
    ...(request.signal === undefined ? {} : { abortSignal: request.signal }),
  });
}

async function sendOnce(
  client: HttpClient,
  request: ReturnType<typeof createPipelineRequest>,
  mostBytes: number | undefined,
): Promise<HttpResponse> {
  return toResponse(await client.sendRequest(request), mostBytes);
}

async function toResponse(response: PipelineResponse, mostBytes = Infinity): Promise<HttpResponse> {
  const bytes = await bytesOf(response, mostBytes);
  const headers = response.headers.toJSON();
  return { status: response.status, headers, bytes, json: () => readJson(response.status, bytes) };
}

async function bytesOf(
  { bodyAsText, readableStreamBody, status }: PipelineResponse,
  mostBytes: number,
): Promise<Uint8Array> {
  if (readableStreamBody === undefined) return new TextEncoder().encode(bodyAsText ?? '');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of readableStreamBody) {
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    size += chunk.length;
    const message = `the answer is larger than ${mostBytes} bytes`;
    if (size > mostBytes) throw new HttpError({ status, code: 'TooLarge', message, body: '' });
  }
  return Buffer.concat(chunks);
}

function readJson(status: number, bytes: Uint8Array): unknown {
  const body = new TextDecoder().decode(bytes);
  try {
    return parse(body, null, {
      parseNumber: (text) =>
        Number.isSafeInteger(Number(text)) || !/^-?\d+$/.test(text) ? Number(text) : text,
    });
  } catch {
    const message = `the answer (status ${status}) is not JSON: ${body.slice(0, 80)}`;
    throw new HttpError({ status, code: 'NotJson', message, body: body.slice(0, 1_000) });
  }
}

type Once = (request: HttpRequest) => Promise<HttpResponse>;

/** Up to three more tries, seconds apart: more patience than that is the engine's, which holds no function meanwhile. */
async function sendWithRetries(once: Once, request: HttpRequest, clock: Clock): Promise<HttpResponse> {
  const repeatable = request.idempotent ?? (request.method !== 'POST' && request.method !== 'PATCH');
  for (let retries = 0; ; retries += 1) {
    const begunAt = clock.now();
    const answer = await once(request).catch((error: unknown) => error);
    const wait = waitBefore(answer, retries);
    const isSilent = !isResponse(answer) && clock.now() - begunAt >= SILENCE_IN_MS;
    const isOver =
      retries === MOST_RETRIES || request.signal?.aborted || wait > LONGEST_WAIT_IN_MS || isSilent;
    if (isOver || !mayRetry(answer, repeatable)) return conclude(answer, request);
    await clock.sleep(wait, request.signal);
  }
}

function isResponse(answer: unknown): answer is HttpResponse {
  return typeof answer === 'object' && answer !== null && 'bytes' in answer;
}

/** 429 and 503 say that nothing was done; the others, and no answer at all, do not. */
function mayRetry(answer: unknown, repeatable: boolean): boolean {
  if (!isResponse(answer)) return repeatable && !(answer instanceof HttpError);
  if (answer.status === 429 || answer.status === 503) return true;
  return repeatable && [408, 500, 502, 504].includes(answer.status);
}

function waitBefore(answer: unknown, retries: number): number {
  const { 'retry-after': seconds, 'retry-after-ms': milliseconds } = isResponse(answer) ? answer.headers : {};
  const after = milliseconds === undefined ? Number(seconds) * 1000 : Number(milliseconds);
  return after >= 0 ? after : 500 * 2 ** retries;
}

function conclude(answer: unknown, request: HttpRequest): HttpResponse {
  const what = `${request.method} ${request.path}`;
  if (!isResponse(answer)) {
    if (answer instanceof HttpError) throw answer;
    throw new TransientFailure(`${what}: no answer (${messageOf(answer)})`);
  }
  if ((answer.status >= 200 && answer.status < 300) || request.accept?.includes(answer.status)) return answer;
  const body = new TextDecoder().decode(answer.bytes).replace(/^\uFEFF/, '');
  const { code, message } = readErrorBody(tryJson(body));
  const text = message === '' ? body.slice(0, 200) : message;
  throw new HttpError({
    status: answer.status,
    code,
    message: `${what}: ${answer.status} ${code} ${text}`.trim(),
    body,
    headers: answer.headers,
  });
}

function tryJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** One segment of a path. @throws Refusal for a value that would lead out of its place. */
export function segment(value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new Refusal(`"${value}" cannot be a name in an address`);
  return encodeURIComponent(value);
}
