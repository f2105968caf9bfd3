import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readHostSettings, toHostSettings } from '../../../sandbox/functions-host/host-settings.ts';
import {
  type LocalSettings,
  readLocalSettings,
  resolveSettings,
} from '../../../sandbox/functions-host/local-settings.ts';
import { pauseBeforeRetry, readRetryPolicy } from '../../../sandbox/functions-host/retry-policy.ts';
import { parseTimeSpan } from '../../../sandbox/functions-host/time-span.ts';

describe('host.json', () => {
  test('what it leaves out has the defaults of the real host', () => {
    expect(toHostSettings({ version: '2.0' })).toEqual({
      functionTimeoutInMs: 1_800_000,
      routePrefix: 'api',
      serviceBus: {
        autoCompleteMessages: true,
        prefetchCount: 0,
        maxAutoLockRenewalDurationInMs: 300_000,
        maxConcurrentCalls: 16,
        maxConcurrentSessions: 8,
        sessionIdleTimeoutInMs: 60_000,
        maxMessageBatchSize: 1000,
        minMessageBatchSize: 1,
        maxBatchWaitTimeInMs: 30_000,
      },
    });
  });

  test('a function timeout of -1 is none', () => {
    expect(toHostSettings({ version: '2.0', functionTimeout: '-1' }).functionTimeoutInMs).toBeUndefined();
  });

  test('a key of today wins over one of an earlier version', () => {
    const serviceBus = {
      maxConcurrentCalls: 3,
      messageHandlerOptions: { maxConcurrentCalls: 9, autoComplete: false },
    };
    const read = toHostSettings({ version: '2.0', extensions: { serviceBus } }).serviceBus;
    expect(read).toMatchObject({ maxConcurrentCalls: 3, autoCompleteMessages: false });
  });

  test.each([
    ['another version', { version: '1.0' }],
    ['a time span that is none', { version: '2.0', functionTimeout: '2 minutes' }],
    [
      'a smallest batch above the biggest',
      withServiceBus({ minMessageBatchSize: 5, maxMessageBatchSize: 4 }),
    ],
    ['a batch wait over 150 s', withServiceBus({ maxBatchWaitTime: '00:02:31' })],
  ])('%s is refused', (_what, content) => {
    expect(() => toHostSettings(content)).toThrow('host.json');
  });

  test('of this project: a timeout of two minutes, no prefetch, no throttling', () => {
    const settings = readHostSettings(join(__dirname, '..', '..', '..'));
    expect(settings).toMatchObject({ functionTimeoutInMs: 120_000, routePrefix: 'api' });
    expect(settings.serviceBus.prefetchCount).toBe(0);
  });
});

function withServiceBus(serviceBus: object): object {
  return { version: '2.0', extensions: { serviceBus } };
}

describe('local.settings.json', () => {
  function read(content: string, environment: Record<string, string> = {}): LocalSettings {
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    try {
      const file = join(folder, 'local.settings.json');
      writeFileSync(file, content);
      return readLocalSettings(file, environment);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('may hold comments; values become settings, connection strings too; the environment wins', () => {
    const content = `{
      // what func init writes
      "IsEncrypted": false,
      "Values": { "A": "1", "B": "2" },
      "ConnectionStrings": { "Db": { "ConnectionString": "x", "ProviderName": "p" }, "Other": "y" },
      "Host": { "LocalHttpPort": 7090 },
    }`;
    expect(read(content, { B: 'of the environment' })).toEqual({
      settings: { A: '1', 'ConnectionStrings:Db': 'x', 'ConnectionStrings:Other': 'y' },
      port: 7090,
    });
  });

  test.each([
    ['is no JSON', '{ "Values": '],
    ['is encrypted', '{ "IsEncrypted": true, "Values": {} }'],
    ['has a value that is not text', '{ "Values": { "A": 1 } }'],
  ])('one that %s is refused', (_what, content) => {
    expect(() => read(content)).toThrow('local.settings.json');
  });
});

test('%NAME% stands for an app setting, and one that is missing is an error', () => {
  expect(resolveSettings('a-%B%-c', { B: 'b' })).toBe('a-b-c');
  expect(() => resolveSettings('%B%', {})).toThrow("'%B%' does not resolve to a value.");
});

test.each([
  ['00:02:00', 120_000],
  ['1.00:00:00', 86_400_000],
  ['01:30', 5_400_000],
  ['00:00:00.2500000', 250],
  ['24:00:00', undefined],
  ['00:60:00', undefined],
  ['5', undefined],
])('the time span %s is %s ms', (text, spanInMs) => {
  expect(parseTimeSpan(text)).toBe(spanInMs);
});

test('retries pause for a fixed time, or for one that doubles up to a bound', () => {
  const fixed = readRetryPolicy({
    maxRetryCount: 2,
    retryStrategy: 'fixedDelay',
    delayInterval: { seconds: 3 },
  });
  const growing = readRetryPolicy({
    maxRetryCount: -1,
    retryStrategy: 'exponentialBackoff',
    minimumInterval: { seconds: 2 },
    maximumInterval: { seconds: 5 },
  });
  const pauses = (policy: typeof fixed) =>
    [1, 2, 3].map((count) => policy && pauseBeforeRetry(policy, count));
  expect(pauses(fixed)).toEqual([3_000, 3_000, 3_000]);
  expect(pauses(growing)).toEqual([2_000, 4_000, 5_000]);
});
