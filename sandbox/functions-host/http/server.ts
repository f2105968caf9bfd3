import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Invoker } from '../invoker.ts';
import { type AdminRoutes, answerAdmin } from './admin.ts';
import { applyEasyAuth, type SandboxUsers } from './easy-auth.ts';
import { type FunctionKeys, isAllowed } from './keys.ts';
import { BodyTooLarge, headersOf, readBody, toInvocationRequest } from './request.ts';
import { sendResponse } from './response.ts';
import type { RouteMatch, Router } from './routes.ts';

/** What answers the requests. */
export interface HttpService {
  /** Asked for every request, since a reloaded app has other routes. Waits while the app is loaded. */
  router: () => Promise<Router>;
  invoker: Invoker;
  admin: AdminRoutes;
  /** Undefined: keys are off. */
  keys: FunctionKeys | undefined;
  /** Undefined: App Service authentication is off. */
  users: SandboxUsers | undefined;
}

export interface HttpServer {
  port: number;
  /** Until this is called, requests wait. */
  serve(service: HttpService): void;
  /** Stops listening; connections end once their request is answered. */
  close(): Promise<void>;
  /** Ends what is still open. */
  closeByForce(): void;
}

const maxHeaderSizeInBytes = 32 * 1024;
const keepAliveTimeoutInMs = 130_000;

/**
 * The host's HTTP endpoint, on the loopback interface. It listens before there is anything to serve, since the app is
 * told its address when it is loaded.
 *
 * @param port 0 for a free one
 */
export async function startHttpServer(port: number): Promise<HttpServer> {
  let serve: HttpServer['serve'] = () => {};
  const service = new Promise<HttpService>((resolve) => {
    serve = resolve;
  });
  const server = createServer({
    maxHeaderSize: maxHeaderSizeInBytes,
    keepAliveTimeout: keepAliveTimeoutInMs,
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    service.then((ready) => answer(ready, request, response)).catch(() => sendEmpty(response, 500));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server.address()),
    serve,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
    closeByForce: () => server.closeAllConnections(),
  };
}

async function answer(
  service: HttpService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(`http://${request.headers.host ?? '127.0.0.1'}${request.url ?? '/'}`);
  const method = request.method ?? 'GET';
  const key = keyOf(request, url);
  const body = await readBody(request).catch((error: unknown) => {
    if (error instanceof BodyTooLarge) return error;
    throw error;
  });
  if (body instanceof BodyTooLarge) return sendEmpty(response, 413);
  if (/^\/admin\//i.test(url.pathname)) {
    const allowed = isAllowed({ authLevel: 'admin', functionName: undefined }, key, service.keys);
    return allowed
      ? answerAdmin(service.admin, { method, path: url.pathname, body }, response)
      : sendEmpty(response, 401);
  }
  const match = (await service.router())(method, url.pathname);
  if (!match) return sendEmpty(response, 404);
  const access = { authLevel: match.trigger.authLevel, functionName: match.definition.name };
  if (!isAllowed(access, key, service.keys)) return sendEmpty(response, 401);
  const headers = applyEasyAuth(headersOf(request), service.users);
  const parts = { method, url, headers, body };
  await invoke(service.invoker, { match, parts }, response);
}

interface Call {
  match: RouteMatch;
  parts: Parameters<typeof toInvocationRequest>[1];
}

/** What a function throws stays in the log; its caller learns nothing but 500. */
async function invoke(invoker: Invoker, { match, parts }: Call, response: ServerResponse): Promise<void> {
  const result = await invoker
    .invoke(match.definition, toInvocationRequest(match, parts))
    .catch(() => undefined);
  if (result) sendResponse(response, result);
  else sendEmpty(response, 500);
}

function keyOf(request: IncomingMessage, url: URL): string | undefined {
  const header = request.headers['x-functions-key'];
  return (Array.isArray(header) ? header[0] : header) ?? url.searchParams.get('code') ?? undefined;
}

function sendEmpty(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-length': 0 }).end();
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
