import { stringifyJson } from './big-json.ts';

/** A request as a twin gets it. Header names are in lower case; `url` is absolute, or a path with its query. */
export interface TwinRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** What goes over the wire. */
export interface TwinResponse {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** What a route answers; at most one of `json`, `text` and `bytes` is given. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  bytes?: Uint8Array;
}

/** Thrown by a route, from any depth, to answer with an error. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with status ${answer.status}`);
    this.answer = answer;
  }
}

/** What a caller sees instead of a response when a fault cuts the connection; `code` is the one of Node. */
export class ConnectionDropped extends Error {
  readonly code = 'ECONNRESET';

  constructor() {
    super('socket hang up');
  }
}

/** An answer with a JSON body; `bigint` values become JSON numbers. */
export function json(body: unknown, status = 200): Answer {
  return { status, json: body };
}

/** An answer without a body. */
export function empty(status: number): Answer {
  return { status };
}

/** The wire form of an answer. */
export function toResponse(answer: Answer): TwinResponse {
  const body = bodyOf(answer);
  const type = contentTypeOf(answer);
  return {
    status: answer.status,
    headers: { ...(type === undefined ? {} : { 'content-type': type }), ...answer.headers },
    body,
  };
}

function bodyOf(answer: Answer): Uint8Array {
  if (answer.bytes) return answer.bytes;
  if (answer.text !== undefined) return Buffer.from(answer.text);
  return answer.json === undefined ? new Uint8Array() : Buffer.from(stringifyJson(answer.json));
}

function contentTypeOf(answer: Answer): string | undefined {
  if (answer.bytes) return 'application/octet-stream';
  if (answer.text !== undefined) return 'text/plain; charset=utf-8';
  return answer.json === undefined ? undefined : 'application/json; charset=utf-8';
}
