import { Readable } from 'node:stream';
import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import type { Fault } from '../engine/simulator/faults.ts';
import type { Invocation, World } from '../engine/simulator/world.ts';
import type { RealWork } from './real-work.ts';

/** One HTTP request of a history: a call of the world, by its number. */
export interface HttpCall {
  readonly number: number;
  /** Method, host and path. */
  readonly what: string;
}

export interface HttpPortOptions {
  readonly world: World;
  readonly work: RealWork;
  readonly faults: readonly Fault[];
  /** Reaches the twins. */
  readonly wire: HttpClient;
  /** Gets every request, in order. */
  readonly calls: HttpCall[];
}

/** The network as an invocation sees it: every request is one call of the world, and goes wrong as HTTP goes wrong. */
export function httpPort(options: HttpPortOptions): (invocation: Invocation) => HttpClient {
  const { world, work, wire, calls } = options;
  const kinds = new Map(options.faults.map(({ call, kind }) => [call, kind]));
  return (invocation) => ({
    async sendRequest(request) {
      const send = () => work.answer(() => wire.sendRequest(request));
      const answered = world.call(invocation, 'outside', async () => buffered(await send()));
      const number = world.calls.length;
      if (invocation.alive) calls.push({ number, what: whatOf(request) });
      try {
        const { response, bytes } = await answered;
        work.got(bytes);
        return response;
      } catch (error) {
        const kind = kinds.get(number);
        if (kind === 'throttled') return refusal(request, 429, { 'retry-after': '2' });
        if (kind === 'server-error') return refusal(request, 500, {});
        throw error;
      }
    },
  });
}

function whatOf({ method, url }: PipelineRequest): string {
  const { host, pathname } = new URL(url);
  return `${method} ${host}${pathname}`;
}

async function buffered(response: PipelineResponse) {
  const chunks: Buffer[] = [];
  for await (const chunk of response.readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  return { response: { ...response, readableStreamBody: Readable.from([bytes]) }, bytes };
}

function refusal(
  request: PipelineRequest,
  status: number,
  headers: Record<string, string>,
): PipelineResponse {
  const body = JSON.stringify({ error: { code: `Status${status}`, message: 'ordered by the test' } });
  return {
    request,
    status,
    headers: createHttpHeaders({ 'content-type': 'application/json', ...headers }),
    readableStreamBody: Readable.from([Buffer.from(body)]),
  };
}
