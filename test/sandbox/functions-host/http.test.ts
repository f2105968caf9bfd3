import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Hosted, hostApp } from './hosting.ts';

let host: Hosted;

beforeAll(async () => {
  host = await hostApp('sample', { settings: { FROM_SETTINGS: 'a setting' } });
});

afterAll(async () => {
  await host.stop();
});

interface Echo {
  method: string;
  url: string;
  params: Record<string, string>;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: string;
  user: unknown;
  traceParent: string;
}

async function echo(path: string, init: RequestInit = {}): Promise<Echo> {
  const response = await fetch(host.url(path), init);
  expect(response.status).toBe(200);
  return (await response.json()) as Echo;
}

describe('a request that reaches its function', () => {
  test('brings method, route values, query, headers and body', async () => {
    const seen = await echo('echo/build/42?a=1&b=two', {
      method: 'POST',
      body: '{"x":1}',
      headers: { 'content-type': 'application/json', 'x-own': 'mine' },
    });
    expect(seen).toMatchObject({
      method: 'POST',
      url: host.url('echo/build/42?a=1&b=two'),
      params: { kind: 'build', id: '42' },
      query: { a: '1', b: 'two' },
      body: '{"x":1}',
    });
    expect(seen.headers).toMatchObject({ 'content-type': 'application/json', 'x-own': 'mine' });
  });

  test('finds its route whatever its case, and a fixed route before one with parameters', async () => {
    expect(await (await fetch(host.url('/API/Echo/FIXED'))).text()).toBe('literal');
    expect((await echo('ECHO/other')).params).toEqual({ kind: 'other' });
  });

  test('brings a repeated query parameter as one value', async () => {
    expect((await echo('echo/x?q=1&q=2')).query).toEqual({ q: '1,2' });
  });

  test('brings the body byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const response = await fetch(host.url('bytes'), { method: 'POST', body: bytes });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });

  test('brings no body when it is chunked, as in the real host', async () => {
    expect((await sendChunked('echo/x', 'these bytes are lost')).body).toBe('');
  });

  test('continues the trace of its caller with a span of its own', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const { traceParent } = await echo('echo/x', { headers: { traceparent } });
    expect(traceParent).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
    expect(traceParent).not.toBe(traceparent);
  });

  test('finds app settings in the environment', async () => {
    expect(await (await fetch(host.url('setting'))).text()).toBe('a setting');
  });
});

describe('an answer', () => {
  test('of a function that returns nothing is 204', async () => {
    const response = await fetch(host.url('nothing'));
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  test('of a function that throws is 500 and tells nothing', async () => {
    const response = await fetch(host.url('thrower'));
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(host.lines.join('\n')).toContain('a secret detail');
  });

  test('of a function that returns no response object is 500', async () => {
    expect((await fetch(host.url('broken'))).status).toBe(500);
  });

  test('carries status, headers and every cookie', async () => {
    const response = await fetch(host.url('cookies'));
    expect(response.status).toBe(201);
    expect(response.headers.get('x-one')).toBe('1');
    expect(response.headers.getSetCookie()).toEqual([
      'a=1; path=/; httponly',
      'b=x%20y; max-age=60; path=/; samesite=strict',
    ]);
  });
});

describe('a request that reaches no function', () => {
  test.each([
    ['an unknown path', 'GET', 'unknown'],
    ['a method that the function does not take', 'DELETE', 'echo/x'],
    ['a route value against its constraint', 'GET', 'echo/x/notANumber'],
    ['a path without the route prefix', 'GET', '/nothing'],
  ])('gets 404: %s', async (_why, method, path) => {
    const response = await fetch(host.url(path), { method });
    expect([response.status, await response.text()]).toEqual([404, '']);
  });

  test('gets 413 when its body is over 100 MiB', async () => {
    expect(await announceBody('bytes', 100 * 1024 * 1024 + 1)).toBe(413);
  });
});

describe('the admin routes', () => {
  test('tell the state of the host', async () => {
    const response = await fetch(host.url('/admin/host/status'));
    expect(await response.json()).toMatchObject({ state: 'Running', errors: [] });
  });

  test('run a timer by hand', async () => {
    const response = await fetch(host.url('/admin/functions/Yearly'), {
      method: 'POST',
      body: '{"input":""}',
    });
    expect(response.status).toBe(202);
    await fetch(host.url('nothing'));
    expect(host.lines).toContain('[information] yearly: the timer ran');
  });

  test('run no function that HTTP triggers', async () => {
    expect((await fetch(host.url('/admin/functions/echo'), { method: 'POST' })).status).toBe(404);
  });
});

test('each invocation leaves one line in the log', async () => {
  const before = host.lines.length;
  await echo('echo/x');
  const added = host.lines.slice(before).filter((line) => line.startsWith('Executed'));
  expect(added).toEqual([
    expect.stringMatching(/^Executed 'echo' \(Succeeded, Id=[0-9a-f-]{36}, Duration=\d+ms\)$/),
  ]);
});

function sendChunked(path: string, body: string): Promise<Echo> {
  return new Promise((resolve, reject) => {
    const outgoing = request(host.url(path), { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
    outgoing.on('error', reject).on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
    });
    outgoing.end(body);
  });
}

/** Sends a head only: the host must not wait for a body that it is going to refuse. */
function announceBody(path: string, lengthInBytes: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(host.url(path), {
      method: 'POST',
      headers: { 'content-length': lengthInBytes },
    });
    outgoing.on('error', reject).on('response', (response) => {
      resolve(response.statusCode);
      outgoing.destroy();
    });
    outgoing.flushHeaders();
  });
}
