import { describe, expect, test } from '@jest/globals';
import { createAppConfigurationTwin } from '../../sandbox/app-configuration/app-configuration-twin.ts';
import { createAppConfigurationClient } from '../../shared/adapters/app-configuration.ts';
import { storeAt } from '../../shared/adapters/app-configuration-place.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { SyncTokens } from '../../shared/adapters/sync-tokens.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import { Refusal, TransientFailure } from '../../shared/errors.ts';
import { appConfigurationClient, appConfigurationTwin } from '../steps/app-configuration-world.ts';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

const PLACE = { key: '.appconfig.featureflag/Beta', label: 'dev' };
const CONTENT = { value: '{"id":"Beta"}', contentType: 'text/plain', tags: { by: 'us' } };
const OTHER = { ...CONTENT, value: '{}' };

function withStore(settings: Parameters<typeof appConfigurationTwin>[1] = {}) {
  const clock = newClock();
  const twin = appConfigurationTwin(clock, settings);
  const client = appConfigurationClient(twin, clock);
  const wait = <Result>(work: Promise<Result>) => underVirtualTime(clock, work);
  const made = async () => {
    const setting = await wait(client.put(PLACE, CONTENT, null));
    if (typeof setting === 'string') throw new Error(setting);
    return setting;
  };
  const byHand = (value: string) => twin.putSetting(PLACE.key, value, { label: PLACE.label });
  return { clock, twin, client, wait, made, byHand };
}

describe('a setting', () => {
  test('is read as it was written, and is null where there is none', async () => {
    const { twin, client, wait, made } = withStore();
    expect(await wait(client.get(PLACE))).toBeNull();
    const setting = await made();
    expect(setting).toMatchObject({ ...PLACE, ...CONTENT, locked: false });
    expect(await wait(client.get(PLACE))).toEqual(setting);
    expect(await wait(client.get({ ...PLACE, label: null }))).toBeNull();
    expect(twin.violations()).toEqual([]);
  });

  test('is written only over the one that was seen', async () => {
    const { twin, client, wait, made, byHand } = withStore();
    const { etag } = await made();
    expect(await wait(client.put(PLACE, OTHER, null))).toBe('changed');
    byHand('by hand');
    expect(await wait(client.put(PLACE, OTHER, etag))).toBe('changed');
    expect(await wait(client.remove(PLACE, etag))).toBe('changed');
    expect(twin.setting(PLACE.key, PLACE.label)?.value).toBe('by hand');
    expect(twin.violations()).toEqual([]);
  });

  test('that is locked is neither written nor removed', async () => {
    const { twin, client, wait, made } = withStore();
    await made();
    const path = '/locks/.appconfig.featureflag%2FBeta?label=dev&api-version=1.0';
    await twin.handle({ method: 'PUT', url: path, headers: {}, body: new Uint8Array() });
    const { etag = '', locked } = (await wait(client.get(PLACE))) ?? {};
    expect(locked).toBe(true);
    expect(await wait(client.put(PLACE, OTHER, etag))).toBe('locked');
    expect(await wait(client.remove(PLACE, etag))).toBe('locked');
    expect(twin.violations()).toEqual([]);
  });

  test('that is gone may be removed again', async () => {
    const { client, wait, made } = withStore();
    const { etag } = await made();
    expect(await wait(client.remove(PLACE, etag))).toBe('done');
    expect(await wait(client.remove(PLACE, etag))).toBe('done');
  });
});

describe('a lost answer', () => {
  test.each([1, 4])('of a write is found by reading, after %i of them', async (times) => {
    const { twin, client, wait, made } = withStore();
    const { etag } = await made();
    twin.faults.add({ kind: 'drop', match: 'PutKeyValue', when: 'after', times });
    expect(await wait(client.put(PLACE, OTHER, etag))).toMatchObject(OTHER);
    expect(twin.setting(PLACE.key, PLACE.label)?.value).toBe(OTHER.value);
    expect(twin.violations()).toEqual([]);
  });

  test('of a removal is no conflict', async () => {
    const { twin, client, wait, made } = withStore();
    const { etag } = await made();
    twin.faults.add({ kind: 'drop', match: 'DeleteKeyValue', when: 'after', times: 1 });
    expect(await wait(client.remove(PLACE, etag))).toBe('done');
    expect(twin.setting(PLACE.key, PLACE.label)).toBeUndefined();
  });

  test('of a write that never arrived is a failure, which another attempt may mend', async () => {
    const { twin, client, wait } = withStore();
    twin.faults.add({ kind: 'drop', match: 'PutKeyValue', when: 'before', times: 4 });
    await expect(wait(client.put(PLACE, CONTENT, null))).rejects.toBeInstanceOf(TransientFailure);
    expect(await wait(client.put(PLACE, CONTENT, null))).toMatchObject(CONTENT);
  });
});

describe('the list', () => {
  test('has every page of one label, whatever characters its names have', async () => {
    const { twin, client, wait } = withStore();
    for (let index = 0; index < 250; index += 1) twin.putSetting(`flag*,\\/${index}`, 'x', { label: 'dev' });
    twin.putSetting('flag*,\\/other', 'x', { label: 'stg' });
    twin.putSetting('flagged', 'x', { label: 'dev' });
    expect(await wait(client.list('flag*,\\/', 'dev'))).toHaveLength(250);
    expect(await wait(client.list('flag', null))).toHaveLength(0);
    expect(twin.log.count('GetKeyValues')).toBe(4);
    expect(twin.violations()).toEqual([]);
  });
});

describe('trouble on the way', () => {
  test('a busy store is asked again after the milliseconds that it names', async () => {
    const { twin, client, wait, clock } = withStore();
    twin.faults.add({ kind: 'status', match: '*', status: 429, times: 3 });
    const before = clock.now();
    expect(await wait(client.get(PLACE))).toBeNull();
    expect(clock.now() - before).toBeGreaterThanOrEqual(3 * 40);
    expect(clock.now() - before).toBeLessThan(1_000);
  });

  test('a store that does not let us in says which role is missing', async () => {
    const { twin, client, wait } = withStore();
    twin.faults.add({ kind: 'status', match: '*', status: 403 });
    const refused = wait(client.get(PLACE));
    await expect(refused).rejects.toBeInstanceOf(Refusal);
    await expect(refused).rejects.toThrow('Give it the role App Configuration Data Owner');
  });

  test('a token that is not accepted, and a store that fails, may do better later', async () => {
    const { client, wait } = withStore({ acceptsToken: () => ({ ok: false, why: 'bad token' }) });
    await expect(wait(client.get(PLACE))).rejects.toThrow('does not accept');
    const { twin, ...failing } = withStore();
    twin.faults.add({ kind: 'status', match: '*', status: 500 });
    await expect(failing.wait(failing.client.get(PLACE))).rejects.toBeInstanceOf(TransientFailure);
  });
});

describe('our token', () => {
  test.each([
    ['https://appcs-dev.azconfig.io/', 'https://appconfig.azure.com'],
    ['https://appcs-dev.appconfig.azure.com', 'https://appconfig.azure.com'],
    ['https://appcs-dev.azconfig.azure.us', 'https://appconfig.azure.us'],
    ['https://appcs-dev.azconfig.azure.cn', 'https://appconfig.azure.cn'],
    ['http://127.0.0.1:4711', 'https://appconfig.azure.com'],
  ])('for %s is asked for %s', (endpoint, audience) => {
    expect(storeAt(endpoint)).toEqual({ origin: new URL(endpoint).origin, scope: `${audience}/.default` });
  });

  test.each([
    'https://evil.example',
    'https://azconfig.io.evil.example',
    'https://evilazconfig.io',
    'http://appcs-dev.azconfig.io',
    'appcs-dev.azconfig.io',
    '',
  ])('never goes to %s', (endpoint) => {
    expect(() => storeAt(endpoint)).toThrow(Refusal);
  });

  test('is not replaced by a connection string, whose secret no message repeats', () => {
    const connection = 'Endpoint=https://appcs-dev.azconfig.io;Id=a;Secret=c2VjcmV0';
    expect(() => storeAt(connection)).toThrow('holds a secret');
    expect(() => storeAt(connection)).not.toThrow('c2VjcmV0');
  });

  test('reaches a store over real sockets', async () => {
    const scopes: string[] = [];
    const twin = createAppConfigurationTwin({
      acceptsToken: (token) =>
        token === 'good' ? { ok: true, principal: 'Slipway' } : { ok: false, why: 'bad token' },
    });
    const listening = await twin.listen();
    try {
      const client = createAppConfigurationClient({
        endpoint: listening.url,
        credential: {
          getToken: async (scope) => {
            scopes.push(String(scope));
            return { token: 'good', expiresOnTimestamp: Date.now() + 3_600_000 };
          },
        },
        clock: systemClock,
        limits: new HostLimits(systemClock),
      });
      expect(await client.put(PLACE, CONTENT, null)).toMatchObject(CONTENT);
      expect(await client.list('.appconfig.featureflag/', 'dev')).toHaveLength(1);
    } finally {
      await listening.close();
    }
    expect(scopes).toEqual(['https://appconfig.azure.com/.default']);
    expect(twin.violations()).toEqual([]);
  });
});

describe('a store whose replicas are behind', () => {
  const behind = () => withStore({ replicaLagInMs: 60_000 });

  test('tells us what we wrote ourselves', async () => {
    const { client, wait, made } = behind();
    const { etag } = await made();
    expect(await wait(client.get(PLACE))).toMatchObject(CONTENT);
    expect(await wait(client.put(PLACE, OTHER, etag))).toMatchObject(OTHER);
    expect(await wait(client.list('.appconfig.featureflag/', 'dev'))).toMatchObject([OTHER]);
    const there = await wait(client.get(PLACE));
    expect(await wait(client.remove(PLACE, there?.etag ?? ''))).toBe('done');
    expect(await wait(client.get(PLACE))).toBeNull();
  });

  test('tells us what others wrote once it has refused a write over it', async () => {
    const { client, wait, made, byHand } = behind();
    const { etag } = await made();
    byHand('by hand');
    expect(await wait(client.get(PLACE))).toMatchObject(CONTENT);
    expect(await wait(client.put(PLACE, OTHER, etag))).toBe('changed');
    expect(await wait(client.get(PLACE))).toMatchObject({ value: 'by hand' });
  });

  test('finds a write whose answer was lost', async () => {
    const { client, wait, made, twin } = behind();
    const { etag } = await made();
    twin.faults.add({ kind: 'drop', match: 'PutKeyValue', times: 1, when: 'after' });
    expect(await wait(client.put(PLACE, OTHER, etag))).toMatchObject(OTHER);
  });
});

test('of each replica the newest token is sent', () => {
  const tokens = new SyncTokens();
  expect(tokens.headers()).toEqual({});
  tokens.take('jtqGc1I4=MDoyOA==;sn=28');
  tokens.take('jtqGc1I4=older;sn=3,other=MQ==;sn=1');
  tokens.take(undefined);
  expect(tokens.headers()).toEqual({ 'sync-token': 'jtqGc1I4=MDoyOA==,other=MQ==' });
});
