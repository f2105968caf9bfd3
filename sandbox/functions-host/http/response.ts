import type { ServerResponse } from 'node:http';
import type {
  RpcHttpCookie,
  RpcHttpData,
  RpcInvocationResponse,
  RpcTypedData,
} from '../worker/core-types.ts';

/** Headers that the server sets itself, so that they fit what is really sent. */
const ownHeaders = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive']);

/** Sends what a function returned. A function that returned nothing answers 204. */
export function sendResponse(target: ServerResponse, response: RpcInvocationResponse): void {
  const http = response.returnValue?.http;
  if (!http) {
    target.writeHead(204).end();
    return;
  }
  const status = Number(http.statusCode ?? 200);
  setHeaders(target, http);
  const body = bodyOf(http.body);
  target.writeHead(status);
  target.end(body.length > 0 ? body : undefined);
}

function setHeaders(target: ServerResponse, http: RpcHttpData): void {
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!ownHeaders.has(name.toLowerCase())) target.setHeader(name, value);
  }
  const cookies = (http.cookies ?? []).map(formatCookie);
  const plain = target.getHeader('set-cookie');
  if (cookies.length > 0)
    target.setHeader('set-cookie', [...(plain === undefined ? [] : [String(plain)]), ...cookies]);
}

function bodyOf(body: RpcTypedData | null | undefined): Buffer {
  if (body?.bytes) return Buffer.from(body.bytes);
  return Buffer.from(body?.string ?? body?.json ?? '');
}

const sameSiteNames = { lax: 'lax', strict: 'strict', explicitNone: 'none' };

function formatCookie(cookie: RpcHttpCookie): string {
  const seconds = cookie.expires?.value?.seconds;
  const sameSite = cookie.sameSite && cookie.sameSite !== 'none' ? sameSiteNames[cookie.sameSite] : undefined;
  const parts = [
    `${cookie.name ?? ''}=${encodeURIComponent(cookie.value ?? '')}`,
    seconds === undefined ? undefined : `expires=${new Date(Number(seconds) * 1000).toUTCString()}`,
    typeof cookie.maxAge?.value === 'number' ? `max-age=${cookie.maxAge.value}` : undefined,
    cookie.domain?.value ? `domain=${cookie.domain.value}` : undefined,
    `path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value ? 'secure' : undefined,
    sameSite && `samesite=${sameSite}`,
    cookie.httpOnly?.value ? 'httponly' : undefined,
  ];
  return parts.filter((part) => part !== undefined && part !== '').join('; ');
}
