import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { QueueCounts } from './engine/queue.ts';
import { type Fault, type Faults, faultKinds } from './faults.ts';

export interface Controlled {
  readonly faults: Faults;
  dropConnections(queueName?: string): number;
  counts(): Readonly<Record<string, QueueCounts>>;
  openConnections(): { connections: number; links: number };
}

export interface ControlServer {
  readonly port: number;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const longestBodyInBytes = 10_000;

/**
 * The HTTP side of the emulator: `GET /health` (as Microsoft's), `GET /queues` (messages by queue and state),
 * `GET /process` (CPU time; memory, after a collection where node runs with --expose-gc),
 * `POST /faults` (one fault), `DELETE /faults`, `POST /connections/drop` (optionally `{"queue":…}`).
 */
export async function startControlServer(
  controlled: Controlled,
  address: { host: string; port: number },
): Promise<ControlServer> {
  const server = createServer((request, response) => {
    answer(controlled, request)
      .catch((error: unknown): Answer => {
        const message = error instanceof Error ? error.message : String(error);
        return { status: 400, body: { message } };
      })
      .then((given) => send(response, given));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function answer(controlled: Controlled, request: IncomingMessage): Promise<Answer> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /health':
      return { status: 200, body: { status: 'healthy', message: 'Service is healthy.' } };
    case 'GET /queues':
      return { status: 200, body: controlled.counts() };
    case 'GET /process':
      return { status: 200, body: processUsage(controlled) };
    case 'POST /faults': {
      const fault = readFault(await readBody(request));
      controlled.faults.add(fault);
      return { status: 200, body: fault };
    }
    case 'DELETE /faults':
      controlled.faults.clear();
      return { status: 200, body: {} };
    case 'POST /connections/drop': {
      const { queue } = await readBody(request);
      const dropped = controlled.dropConnections(typeof queue === 'string' ? queue : undefined);
      return { status: 200, body: { dropped } };
    }
    default:
      return { status: 404, body: { message: 'There is no such resource.' } };
  }
}

function processUsage(controlled: Controlled) {
  const { user, system } = process.cpuUsage();
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const cpuTimeInMs = (user + system) / 1000;
  return { cpuTimeInMs, heapUsedInBytes: heapUsed, residentInBytes: rss, ...controlled.openConnections() };
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > longestBodyInBytes) throw new Error('The body is too long.');
  }
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('The body must be an object.');
  return value as Readonly<Record<string, unknown>>;
}

function readFault(body: Readonly<Record<string, unknown>>): Fault {
  const kind = faultKinds.find((known) => known === body.kind);
  if (kind === undefined) throw new Error(`kind must be one of ${faultKinds.join(', ')}.`);
  const { count, queue, delayInMs } = body;
  return {
    kind,
    ...(count === undefined ? {} : { count: positive(count, 'count') }),
    ...(delayInMs === undefined ? {} : { delayInMs: positive(delayInMs, 'delayInMs') }),
    ...(queue === undefined ? {} : { queue: String(queue) }),
  };
}

function positive(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0) return value;
  throw new Error(`${name} must be a number above 0.`);
}
