import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  type AppConfigurationSettings,
  createAppConfigurationTwin,
} from '../../../sandbox/app-configuration/app-configuration-twin.ts';
import { signatureOf } from '../../../sandbox/app-configuration/hmac.ts';

const FLAG = '/kv/.appconfig.featureflag%2FBeta';
const KEY = { id: 'key-1', secret: Buffer.from('a secret').toString('base64') };

function build(settings: AppConfigurationSettings = {}) {
  let now = 1_700_000_000_000;
  const store = createAppConfigurationTwin({ clock: { now: () => now, sleep: async () => {} }, ...settings });
  const send = async (
    method: string,
    path: string,
    rest: { body?: object; headers?: Record<string, string> } = {},
  ) => {
    const { body, headers = {} } = rest;
    const url = `https://appcs-dev.azconfig.io${path}${path.includes('?') ? '&' : '?'}api-version=2023-11-01`;
    const response = await store.handle({
      method,
      url,
      headers,
      body: Buffer.from(body ? JSON.stringify(body) : ''),
    });
    const text = Buffer.from(response.body).toString();
    return { ...response, body: text === '' ? undefined : JSON.parse(text) };
  };
  const advance = (byInMs: number) => {
    now += byInMs;
  };
  return { store, send, advance };
}

describe('a setting', () => {
  test('is written and read with its label, and a key without label is another one', async () => {
    const { store, send } = build();
    const body = { value: 'x', content_type: 'text/plain', tags: { by: 'slipway' } };
    await send('PUT', '/kv/color?label=prod', { body });
    const read = await send('GET', '/kv/color?label=prod');
    expect(read.body).toMatchObject({ key: 'color', label: 'prod', ...body, locked: false });
    expect(read.headers.etag).toBe(`"${read.body.etag}"`);
    expect((await send('GET', '/kv/color')).status).toBe(404);
    expect(store.violations()).toEqual([]);
  });

  test('gets a new ETag each time, and one that is out of date writes nothing', async () => {
    const { store, send } = build();
    const first = (await send('PUT', '/kv/a', { body: { value: '1' } })).headers.etag ?? '';
    expect(
      (await send('PUT', '/kv/a', { body: { value: '2' }, headers: { 'if-match': first } })).status,
    ).toBe(200);
    const late = await send('PUT', '/kv/a', { body: { value: '3' }, headers: { 'if-match': first } });
    expect([late.status, late.headers['content-type']]).toEqual([
      412,
      'application/problem+json; charset=utf-8',
    ]);
    expect((await send('DELETE', '/kv/a', { headers: { 'if-match': first } })).status).toBe(412);
    expect(store.setting('a')?.value).toBe('2');
    expect(store.violations()).toEqual([]);
  });

  test('is made only if it is not there, and read only if it has changed, where the request says so', async () => {
    const { store, send } = build();
    const headers = { 'if-none-match': '*' };
    const made = await send('PUT', '/kv/a', { body: { value: '1' }, headers });
    expect((await send('PUT', '/kv/a', { body: { value: '2' }, headers })).status).toBe(412);
    const same = await send('GET', '/kv/a', { headers: { 'if-none-match': made.headers.etag ?? '' } });
    expect([same.status, same.body]).toEqual([304, undefined]);
    expect(store.violations()).toEqual([]);
  });

  test('is deleted once; deleting what is not there changes nothing', async () => {
    const { store, send } = build();
    await send('PUT', '/kv/a', { body: { value: '1' } });
    expect((await send('DELETE', '/kv/a')).body.value).toBe('1');
    expect((await send('DELETE', '/kv/a')).status).toBe(204);
    expect(store.violations()).toEqual([]);
  });

  test('that is locked is neither written nor deleted', async () => {
    const { store, send } = build();
    await send('PUT', '/kv/a', { body: { value: '1' } });
    await send('PUT', '/locks/a');
    expect((await send('PUT', '/kv/a', { body: { value: '2' } })).status).toBe(409);
    expect((await send('DELETE', '/kv/a')).body.name).toBe('a');
    await send('DELETE', '/locks/a');
    expect((await send('PUT', '/kv/a', { body: { value: '2' } })).status).toBe(200);
    expect(store.violations()).toEqual([]);
  });
});

describe('a feature flag', () => {
  const content_type = 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8';
  const value = (enabled: boolean) =>
    JSON.stringify({ id: 'Beta', enabled, conditions: { client_filters: [] } });

  test('is a setting whose key holds a slash, encoded or not', async () => {
    const { store, send } = build();
    await send('PUT', FLAG, { body: { value: value(false), content_type } });
    await send('PUT', '/kv/.appconfig.featureflag/Beta', { body: { value: value(true), content_type } });
    expect(store.setting('.appconfig.featureflag/Beta')).toMatchObject({ value: value(true), content_type });
    const { items } = (await send('GET', '/kv?key=.appconfig.featureflag/*')).body;
    expect(items).toHaveLength(1);
    expect(store.violations()).toEqual([]);
  });

  test('that somebody changed by hand is seen by its ETag', async () => {
    const { store, send } = build();
    const { headers } = await send('PUT', FLAG, { body: { value: value(false), content_type } });
    store.putSetting('.appconfig.featureflag/Beta', value(true), { contentType: content_type });
    const late = { 'if-match': headers.etag ?? '' };
    expect((await send('PUT', FLAG, { body: { value: value(false) }, headers: late })).status).toBe(412);
  });
});

describe('the list of settings', () => {
  test('is filtered by key and label', async () => {
    const { store, send } = build();
    for (const path of ['/kv/app:a', '/kv/app:b?label=prod', '/kv/other'])
      await send('PUT', path, { body: { value: 'x' } });
    const keys = async (query: string) =>
      (await send('GET', `/kv?${query}`)).body.items.map(({ key }: { key: string }) => key);
    expect(await keys('key=app:*')).toEqual(['app:a', 'app:b']);
    expect(await keys('key=app:a,other')).toEqual(['app:a', 'other']);
    expect(await keys('label=prod')).toEqual(['app:b']);
    expect(await keys('key=app:*&label=%00')).toEqual(['app:a']);
    expect(await keys('key=app:%5C*')).toEqual([]);
    expect(store.violations()).toEqual([]);
  });

  test('comes in pages of 100', async () => {
    const { store, send } = build();
    for (let index = 0; index < 150; index++) store.putSetting(`k${index}`, 'x');
    const first = (await send('GET', '/kv')).body;
    const next: string = first['@nextLink'];
    const second = (await send('GET', next.replace(/[?&]api-version=[^&]*/, '').replace('/kv&', '/kv?')))
      .body;
    const keys = [...first.items, ...second.items].map(({ key }: { key: string }) => key);
    expect([first.items.length, new Set(keys).size, second['@nextLink']]).toEqual([100, 150, undefined]);
    expect(store.violations()).toEqual([]);
  });
});

describe('who may use the store', () => {
  function signed(path: string, at: number, rest: { key?: typeof KEY; body?: string } = {}) {
    const { key = KEY, body = '' } = rest;
    const headers: Record<string, string> = {
      host: 'appcs-dev.azconfig.io',
      'x-ms-date': new Date(at).toUTCString(),
      'x-ms-content-sha256': createHash('sha256').update(body).digest('base64'),
    };
    const url = `https://appcs-dev.azconfig.io${path}?api-version=2023-11-01`;
    const signature = signatureOf({ method: 'GET', url, headers }, key);
    const names = 'x-ms-date;host;x-ms-content-sha256';
    const authorization = `HMAC-SHA256 Credential=${key.id}&SignedHeaders=${names}&Signature=${signature}`;
    return { headers: { ...headers, authorization } };
  }

  test('a request that is signed with an access key is let in', async () => {
    const { send } = build({ accessKeys: [KEY] });
    expect((await send('GET', '/kv', signed('/kv', 1_700_000_000_000))).status).toBe(200);
  });

  test.each([
    ['another key', '/kv', 0, { key: { ...KEY, secret: 'b3RoZXI=' } }, 'signature'],
    ['a key that is unknown', '/kv', 0, { key: { ...KEY, id: 'key-2' } }, 'credential'],
    ['the signature of another path', '/kv/a', 0, {}, 'signature'],
    ['a signature of long ago', '/kv', -16 * 60_000, {}, 'expired'],
    ['the hash of another body', '/kv', 0, { body: 'x' }, 'hash'],
  ])('%s is refused', async (_what, path, ageInMs, rest, why) => {
    const { store, send } = build({ accessKeys: [KEY] });
    const { status, headers } = await send('GET', '/kv', signed(path, 1_700_000_000_000 + ageInMs, rest));
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain(why);
    expect(store.violations()).toEqual([]);
  });

  test('a bearer token is judged too, and nothing at all is refused', async () => {
    const acceptsToken = (token?: string) =>
      token === 'good'
        ? { ok: true as const, principal: 'slipway' }
        : { ok: false as const, why: 'no token' };
    const { send } = build({ accessKeys: [KEY], acceptsToken });
    expect((await send('GET', '/kv', { headers: { authorization: 'Bearer good' } })).status).toBe(200);
    expect((await send('GET', '/kv')).status).toBe(401);
    expect((await build({ accessKeys: [KEY] }).send('GET', '/kv')).status).toBe(401);
  });

  test('an unknown version of the API is refused', async () => {
    const { store } = build();
    const { status } = await store.handle({
      method: 'GET',
      url: '/kv?api-version=0.1',
      headers: {},
      body: new Uint8Array(),
    });
    expect(status).toBe(400);
  });
});

test('the state can be moved with its labels', async () => {
  const { store } = build();
  store.putSetting('a', 'x', { label: 'prod' });
  const other = build().store;
  other.importState(store.exportState());
  expect(other.setting('a', 'prod')?.value).toBe('x');
});

describe('a replica that is behind', () => {
  const behind = async () => {
    const built = build({ replicaLagInMs: 5_000 });
    await built.send('PUT', '/kv/a', { body: { value: '1' } });
    built.advance(10_000);
    const written = await built.send('PUT', '/kv/a', { body: { value: '2' } });
    const token = (written.headers['sync-token'] ?? '').split(';')[0] ?? '';
    return { ...built, token };
  };

  test('answers reads as the store was before the last write, until it has got that', async () => {
    const { send, advance } = await behind();
    const values = async () => [
      (await send('GET', '/kv/a')).body.value,
      (await send('GET', '/kv?key=a')).body.items[0].value,
    ];
    expect(await values()).toEqual(['1', '1']);
    advance(5_000);
    expect(await values()).toEqual(['2', '2']);
  });

  test('does not answer who sends the token of that write, also among others', async () => {
    const { send, token } = await behind();
    for (const header of [token, `other=x,${token}`])
      expect((await send('GET', '/kv/a', { headers: { 'sync-token': header } })).body.value).toBe('2');
    const old = { 'sync-token': 'slipway=1' };
    expect((await send('GET', '/kv/a', { headers: old })).body.value).toBe('1');
  });

  test('has a setting a while longer that was taken away', async () => {
    const { send } = await behind();
    const { headers } = await send('DELETE', '/kv/a');
    expect((await send('GET', '/kv/a')).status).toBe(200);
    const token = (headers['sync-token'] ?? '').split(';')[0] ?? '';
    expect((await send('GET', '/kv/a', { headers: { 'sync-token': token } })).status).toBe(404);
  });
});
