import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';
import { ConnectionDropped, type TwinRequest, type TwinResponse } from './exchange.ts';

/** A server on 127.0.0.1; `url` has no slash at the end. */
export interface Listening {
  url: string;
  port: number;
  close(): Promise<void>;
}

type Handle = (request: TwinRequest) => Promise<TwinResponse>;

/** How a twin is served. */
export interface ServeOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** With it the twin speaks https, for clients that insist on it. */
  certificate?: Certificate;
}

/** Serves requests on a loopback port. Each call is one more origin. */
export async function serve(
  handle: Handle,
  { port = 0, certificate }: ServeOptions = {},
): Promise<Listening> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(handle, request, response).catch(() => request.socket.destroy());
  };
  const server = certificate
    ? createSecureServer({ key: certificate.key, cert: certificate.certificate }, listener)
    : createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const chosen = portOf(server.address());
  const scheme = certificate ? 'https' : 'http';
  return { url: `${scheme}://127.0.0.1:${chosen}`, port: chosen, close: () => close(server) };
}

async function answer(handle: Handle, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { status, headers, body } = await handle(await readRequest(request));
    response.writeHead(status, { ...lengthOf(status, body), ...headers });
    response.end(body);
  } catch (error) {
    if (!(error instanceof ConnectionDropped)) console.error(error);
    request.socket.destroy();
  }
}

function lengthOf(status: number, body: Uint8Array): Record<string, string> {
  return status === 204 || status === 304 ? {} : { 'content-length': String(body.length) };
}

async function readRequest(request: IncomingMessage): Promise<TwinRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const scheme = request.socket instanceof TLSSocket ? 'https' : 'http';
  const url = `${scheme}://${headers.host ?? '127.0.0.1'}${request.url ?? '/'}`;
  return { method: request.method ?? 'GET', url, headers, body: Buffer.concat(chunks) };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function close(server: Server | SecureServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
