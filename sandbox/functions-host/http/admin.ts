import type { ServerResponse } from 'node:http';
import { objectOf } from '../json.ts';

/** What `/admin` gives to whoever has the master key. */
export interface AdminRoutes {
  status(): Promise<HostStatus>;
  /** Runs a function that no HTTP request triggers; false when there is none of that name. Does not wait for it. */
  run(functionName: string, input: string): Promise<boolean>;
}

/** `Running` when the app is loaded, `Error` when it cannot be. */
export interface HostStatus {
  state: 'Initializing' | 'Running' | 'Error' | 'Stopping';
  version: string;
  processUptime: number;
  /** What is wrong with the app or with single functions. */
  errors: string[];
  functions: string[];
  /** Invocations under way. */
  running: number;
}

export interface AdminRequest {
  method: string;
  path: string;
  body: Buffer | undefined;
}

/** `GET /admin/host/status`, `GET /admin/host/ping`, `POST /admin/functions/NAME` with `{"input": "text"}`. */
export async function answerAdmin(
  routes: AdminRoutes,
  request: AdminRequest,
  response: ServerResponse,
): Promise<void> {
  const path = request.path.toLowerCase();
  if (request.method === 'GET' && path === '/admin/host/status') {
    const body = JSON.stringify(await routes.status());
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(body);
    return;
  }
  if (path === '/admin/host/ping') {
    response.writeHead(200).end();
    return;
  }
  const name = /^\/admin\/functions\/([^/]+)$/i.exec(request.path)?.[1];
  const isRun = request.method === 'POST' && name !== undefined;
  response.writeHead(isRun && (await routes.run(name, readInput(request.body))) ? 202 : 404).end();
}

function readInput(body: Buffer | undefined): string {
  try {
    const { input } = objectOf(JSON.parse(body?.toString() || '{}'));
    return typeof input === 'string' ? input : JSON.stringify(input ?? '');
  } catch {
    return '';
  }
}
