import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient, PipelineRequest } from '@azure/core-rest-pipeline';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { afterEach, describe, expect, test } from '@jest/globals';
import { bearerTokens } from '../../shared/adapters/bearer-tokens.ts';
import type { Limit } from '../../shared/adapters/host-limit.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import type { HttpOptions, HttpRequest } from '../../shared/adapters/http.ts';
import { createHttp, segment } from '../../shared/adapters/http.ts';
import type { VirtualClock } from '../engine/simulator/virtual-clock.ts';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

const HOST = 'https://example.invalid';
const MINUTE_IN_MS = 60_000;

type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | Error;

/** A service under virtual time that gives these replies in turn, and the last one for ever. */
function service(replies: readonly Reply[], options: Partial<HttpOptions> = {}) {
  const clock = newClock();
  const requests: { readonly at: number; readonly request: PipelineRequest }[] = [];
  const startedAt = clock.now();
  const httpClient: HttpClient = {
    async sendRequest(request) {
      requests.push({ at: clock.now() - startedAt, request });
      const reply = replies[Math.min(requests.length, replies.length) - 1];
      if (reply === undefined || reply instanceof Error) throw reply ?? new Error('no reply');
      const { status, headers = {}, body = '' } = reply;
      return { request, status, headers: createHttpHeaders(headers), bodyAsText: body };
    },
  };
  const http = createHttp({ baseUrl: HOST, credential: null, scope: 'scope', clock, httpClient, ...options });
  return {
    clock,
    requests,
    waits: () => requests.map(({ at }) => at),
    send: (request: Partial<HttpRequest> = {}) =>
      underVirtualTime(clock, http.send({ method: 'GET', path: '/things', ...request })),
  };
}

const ok = { status: 200, body: '{}' };
const lost = new Error('socket hang up');

describe('a call that does not succeed at once', () => {
  test('is tried three more times, each wait twice the one before', async () => {
    const { send, waits } = service([{ status: 503 }]);
    await expect(send()).rejects.toMatchObject({ name: 'HttpError', status: 503 });
    expect(waits()).toEqual([0, 500, 1_500, 3_500]);
  });

  test('waits as long as the service asks for', async () => {
    const { send, waits } = service([{ status: 429, headers: { 'Retry-After': '7' } }, ok]);
    expect((await send()).status).toBe(200);
    expect(waits()).toEqual([0, 7_000]);
  });

  test('is given up at once where the service asks for more than half a minute', async () => {
    const { send, waits } = service([{ status: 429, headers: { 'retry-after': '31' } }, ok]);
    await expect(send()).rejects.toMatchObject({ status: 429 });
    expect(waits()).toEqual([0]);
  });

  test.each([
    ['GET', 503, 2],
    ['GET', 502, 2],
    ['GET', 500, 2],
    ['PUT', 504, 2],
    ['DELETE', 408, 2],
    ['POST', 429, 2],
    ['POST', 503, 2],
    ['POST', 500, 1],
    ['POST', 502, 1],
    ['PATCH', 504, 1],
    ['GET', 400, 1],
    ['GET', 404, 1],
    ['PUT', 409, 1],
  ] as const)('%s that got %i is sent %i times', async (method, status, times) => {
    const { send, requests } = service([{ status }, ok]);
    await send({ method }).catch(() => undefined);
    expect(requests).toHaveLength(times);
  });

  test.each([
    ['GET', undefined, 2],
    ['POST', undefined, 1],
    ['POST', true, 2],
    ['PUT', false, 1],
  ] as const)(
    '%s (idempotent: %s) whose answer was lost is sent %i times',
    async (method, idempotent, times) => {
      const { send, requests } = service([lost, ok]);
      await send({ method, ...(idempotent === undefined ? {} : { idempotent }) }).catch(() => undefined);
      expect(requests).toHaveLength(times);
    },
  );

  test('without any answer is a transient failure that says what was asked', async () => {
    await expect(service([lost]).send()).rejects.toMatchObject({
      name: 'TransientFailure',
      message: 'GET /things: no answer (socket hang up)',
    });
  });

  test('of a run that was cancelled is not tried again', async () => {
    const { send, requests } = service([{ status: 503 }]);
    await expect(send({ signal: AbortSignal.abort() })).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(1);
  });
});

describe('an answer', () => {
  test('keeps whole numbers that JavaScript cannot hold as text, and all others as numbers', async () => {
    const body = '{"id":9007199254740993,"n":-3,"f":1.5,"e":1e3,"list":[12345678901234567890]}';
    const { send } = service([{ status: 200, body }]);
    const id = '9007199254740993';
    expect((await send()).json()).toEqual({ id, n: -3, f: 1.5, e: 1000, list: ['12345678901234567890'] });
  });

  test('that is no JSON says so', async () => {
    const response = await service([{ status: 200, body: '<html>sign in</html>' }]).send();
    expect(() => response.json()).toThrow('the answer (status 200) is not JSON: <html>sign in</html>');
  });

  test('that redirects is an answer, and is not followed', async () => {
    const { send, requests } = service([
      { status: 302, headers: { location: 'https://elsewhere.invalid/' } },
    ]);
    await expect(send()).rejects.toMatchObject({ status: 302 });
    expect((await send({ accept: [302] })).headers.location).toBe('https://elsewhere.invalid/');
    expect(requests).toHaveLength(2);
  });

  test('larger than wanted is refused', async () => {
    const { send } = onLoopback((_request, response) => response.end('x'.repeat(100_000)));
    await expect(send({ mostBytes: 1_000 })).rejects.toMatchObject({ code: 'TooLarge' });
  });

  test.each([
    ['{"error":{"code":"NotFound","message":"gone"}}', 'NotFound', 'gone'],
    ['{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}', 'RESOURCE_DOES_NOT_EXIST', 'gone'],
    ['\uFEFF{"typeKey":"BuildNotFoundException","message":"gone"}', 'BuildNotFoundException', 'gone'],
    ['{"count":1,"value":{"Message":"gone"}}', '', 'gone'],
    ['{"error":"invalid_request","error_description":"gone"}', 'invalid_request', 'gone'],
    ['plain gone', '', 'plain gone'],
  ])('of an error is read in the form %s', async (body, code, text) => {
    const error: unknown = await service([{ status: 404, body }])
      .send()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 404, code, message: expect.stringMatching(/^GET \/things: 404 /) });
    expect(String(error)).toContain(text);
  });

  test('of an error tells no secret', async () => {
    const secret = `dapi${'0a'.repeat(16)}`;
    const error: unknown = await service([{ status: 400, body: `{"message":"${secret} is no token"}` }])
      .send()
      .catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error) + String(error)).not.toContain(secret);
  });
});

describe('where requests go', () => {
  test.each(['http://example.com', 'http://127.0.0.1.example.com', 'http://localhost.example.com'])(
    '%s is refused, because only loopback may be without TLS',
    (baseUrl) => {
      expect(() => service([ok], { baseUrl })).toThrow('only https is allowed');
    },
  );

  test.each(['@evil.invalid/', '.evil.invalid/', 'things'])('the path %s is refused', async (path) => {
    const { send, requests } = service([ok]);
    await expect(send({ path })).rejects.toThrow('does not begin with a slash');
    expect(requests).toEqual([]);
  });

  test.each(['', '.', '..'])('"%s" is no segment of a path', (value) => {
    expect(() => segment(value)).toThrow('cannot be a name in an address');
  });

  test('a segment and a query cannot break out of their place', async () => {
    const { send, requests } = service([ok]);
    await send({ path: `/a/${segment('b/../c?d#e')}`, query: { q: 'x&y=z', n: 1, left: undefined } });
    expect(requests[0]?.request.url).toBe(`${HOST}/a/b%2F..%2Fc%3Fd%23e?q=x%26y%3Dz&n=1`);
  });
});

/** Servers that run now. */
const servers: { close(): void; closeAllConnections(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server on loopback, and our way to it: real sockets, real time. */
function onLoopback(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  servers.push(server);
  const listening = new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
  const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  return {
    async send(request: Partial<HttpRequest> = {}) {
      const http = createHttp({ baseUrl: await listening, credential, scope: 's', clock });
      return http.send({ method: 'GET', path: '/things', ...request });
    },
  };
}

describe('over the network', () => {
  test('a request arrives with its token, its body and its type', async () => {
    const { send } = onLoopback((request, response) => {
      const { authorization, 'content-type': type } = request.headers;
      request.setEncoding('utf8');
      let body = '';
      request.on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => response.end(JSON.stringify({ authorization, type, body })));
    });
    expect((await send({ method: 'POST', json: { a: 1 } })).json()).toEqual({
      authorization: 'Bearer t',
      type: 'application/json',
      body: '{"a":1}',
    });
    const bytes = await send({ method: 'PUT', body: Buffer.from('raw') });
    expect(bytes.json()).toMatchObject({ type: 'application/octet-stream', body: 'raw' });
  });

  test('a connection that is cut in the middle of an answer is tried again', async () => {
    let asked = 0;
    const { send } = onLoopback((_request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-length': '4' });
      response.write('ab', () => (asked === 1 ? response.destroy() : response.end('cd')));
    });
    expect(Buffer.from((await send()).bytes).toString()).toBe('abcd');
    expect(asked).toBe(2);
  });
});

describe('tokens', () => {
  function credentialOf(clock: VirtualClock, lifetimeInMs: number) {
    const state = { asked: 0, isDown: false };
    const credential: TokenCredential = {
      async getToken() {
        state.asked += 1;
        await clock.sleep(10);
        if (state.isDown) throw new Error('endpoint down');
        return { token: `t${state.asked}`, expiresOnTimestamp: clock.now() + lifetimeInMs };
      },
    };
    return { state, tokens: bearerTokens({ credential, scope: 'scope', clock }) };
  }

  test('one is got for callers that come at once, and kept until five minutes before its end', async () => {
    const clock = newClock();
    const { state, tokens } = credentialOf(clock, 60 * MINUTE_IN_MS);
    const token = () => underVirtualTime(clock, tokens.token());
    const first = await underVirtualTime(clock, Promise.all([tokens.token(), tokens.token()]));
    expect(first).toEqual(['t1', 't1']);
    await underVirtualTime(clock, clock.sleep(54 * MINUTE_IN_MS));
    expect(await token()).toBe('t1');
    await underVirtualTime(clock, clock.sleep(2 * MINUTE_IN_MS));
    expect(await token()).toBe('t2');
    expect(state.asked).toBe(2);
  });

  test('the old one does while the identity endpoint is down, as long as it lasts', async () => {
    const clock = newClock();
    const { state, tokens } = credentialOf(clock, 10 * MINUTE_IN_MS);
    const token = () => underVirtualTime(clock, tokens.token());
    await token();
    state.isDown = true;
    await underVirtualTime(clock, clock.sleep(7 * MINUTE_IN_MS));
    expect(await token()).toBe('t1');
    await underVirtualTime(clock, clock.sleep(3 * MINUTE_IN_MS));
    await expect(token()).rejects.toMatchObject({
      name: 'TransientFailure',
      message: 'no token for scope: endpoint down',
    });
    state.isDown = false;
    expect(await token()).toBe('t4');
  });

  test('one that a service does not accept is not used again', async () => {
    let asked = 0;
    const credential = {
      getToken: async () => ({ token: `t${++asked}`, expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
    };
    const { send, requests } = service([{ status: 401 }, ok], { credential });
    await expect(send()).rejects.toMatchObject({ status: 401 });
    await send();
    const sent = requests.map(({ request }) => request.headers.get('authorization'));
    expect(sent).toEqual(['Bearer t1', 'Bearer t2']);
  });

  test('a second one goes into a header of its own, and is renewed with the first', async () => {
    const asked: string[] = [];
    const credential = {
      getToken: async (scope: string | string[]) => {
        asked.push(String(scope));
        return { token: `${scope} ${asked.length}`, expiresOnTimestamp: Number.MAX_SAFE_INTEGER };
      },
    };
    const secondToken = { scope: 'second', header: 'x-second' };
    const { send, requests } = service([ok, { status: 401 }, ok], { credential, secondToken });
    await send();
    await expect(send()).rejects.toMatchObject({ status: 401 });
    await send();
    const sent = requests.map(({ request: { headers } }) => [
      headers.get('authorization'),
      headers.get('x-second'),
    ]);
    const first = ['Bearer scope 1', 'second 2'];
    expect(sent).toEqual([first, first, ['Bearer scope 3', 'second 4']]);
  });
});

describe('the limit of a host', () => {
  /** When each of `count` requests began, in ms, if each takes `tookInMs`. */
  async function starts(limit: Limit, count: number, tookInMs: number): Promise<number[]> {
    const clock = newClock();
    const began: number[] = [];
    const startedAt = clock.now();
    const host = new HostLimits(clock).of('host', limit);
    const work = async () => {
      began.push(clock.now() - startedAt);
      await clock.sleep(tookInMs);
    };
    await underVirtualTime(clock, Promise.all(Array.from({ length: count }, () => host.run(work))));
    return began;
  }

  test('spaces requests evenly', async () => {
    expect(await starts({ requestsPerSecond: 10, inFlight: 100 }, 4, 0)).toEqual([0, 100, 200, 300]);
  });

  test('lets a burst go after a quiet time, and no more than that', async () => {
    expect(await starts({ requestsPerSecond: 10, inFlight: 100, burst: 3 }, 5, 0)).toEqual([
      0, 0, 0, 100, 200,
    ]);
  });

  test('holds back who would be one too many at once', async () => {
    expect(await starts({ requestsPerSecond: 1000, inFlight: 2 }, 4, 500)).toEqual([0, 1, 500, 501]);
  });

  test('is given back by a request that fails', async () => {
    const clock = newClock();
    const host = new HostLimits(clock).of('host', { requestsPerSecond: 1000, inFlight: 1 });
    await expect(host.run(() => Promise.reject(lost))).rejects.toBe(lost);
    expect(
      await underVirtualTime(
        clock,
        host.run(async () => 'done'),
      ),
    ).toBe('done');
  });

  test('lets a queue of requests to a silent host take as long as one of them', async () => {
    const clock = newClock();
    const startedAt = clock.now();
    let sent = 0;
    const httpClient: HttpClient = {
      async sendRequest() {
        sent += 1;
        await clock.sleep(60_000);
        throw new Error('timed out');
      },
    };
    const limits = { of: new HostLimits(clock), limit: { requestsPerSecond: 1000, inFlight: 2, burst: 9 } };
    const http = createHttp({ baseUrl: HOST, credential: null, scope: 's', clock, httpClient, limits });
    const asked = Array.from({ length: 9 }, () => http.send({ method: 'GET', path: '/things' }));
    const ends = await underVirtualTime(clock, Promise.allSettled(asked));
    expect(ends.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 'rejected'));
    expect(sent).toBe(2);
    expect(clock.now() - startedAt).toBe(60_000);
  });

  test('has all its places again after a silence', async () => {
    const clock = newClock();
    const host = new HostLimits(clock).of('host', { requestsPerSecond: 1000, inFlight: 1 });
    const silent = async () => {
      await clock.sleep(30_000);
      throw lost;
    };
    const asked = [host.run(silent), host.run(async () => 'never')];
    const ends = await underVirtualTime(clock, Promise.allSettled(asked));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(
      await underVirtualTime(
        clock,
        host.run(async () => 'now'),
      ),
    ).toBe('now');
  });

  test('is shared by all that talk to the host, and by nobody else', () => {
    const limits = new HostLimits(newClock());
    const limit = { requestsPerSecond: 1, inFlight: 1 };
    expect(limits.of('a', limit)).toBe(limits.of('a', { requestsPerSecond: 9, inFlight: 9 }));
    expect(limits.of('b', limit)).not.toBe(limits.of('a', limit));
  });
});
