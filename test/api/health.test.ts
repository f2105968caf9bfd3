import { describe, expect, test } from '@jest/globals';
import type { HealthParts } from '../../shared/api/health.ts';
import { getHealth } from '../../shared/api/health.ts';

/** What the health check answers, and what it logs. */
async function healthOf(parts: Partial<HealthParts>) {
  const logged: string[] = [];
  const log = { error: (text: string) => void logged.push(text) };
  const { status, jsonBody } = await getHealth({
    log,
    wrongSettings: [],
    readState: () => Promise.resolve([]),
    ...parts,
  });
  return { status, jsonBody, logged };
}

describe('the health check', () => {
  test('says that all is well', async () => {
    expect(await healthOf({})).toEqual({
      status: 200,
      jsonBody: { status: 'healthy', checks: { settings: 'ok', storage: 'ok' } },
      logged: [],
    });
  });

  test('names every setting that is wrong, and does not fail for it', async () => {
    const wrongSettings = ['ARM_URL: Invalid URL', 'WEBHOOK_PASSWORDS: set it'];
    const readState = () => Promise.reject(new Error('settings: ARM_URL: Invalid URL'));
    expect(await healthOf({ wrongSettings, readState })).toMatchObject({
      status: 503,
      jsonBody: { status: 'unhealthy', checks: { settings: wrongSettings, storage: 'does not answer' } },
    });
  });

  test('says that a setting of the webhook is wrong where everything else works', async () => {
    const wrongSettings = ['WEBHOOK_PASSWORDS: set it'];
    expect(await healthOf({ wrongSettings })).toMatchObject({
      status: 503,
      jsonBody: { checks: { settings: wrongSettings, storage: 'ok' } },
    });
  });

  test('says that the storage does not answer, and the log says why', async () => {
    const down = await healthOf({ readState: () => Promise.reject(new Error('no route to the host')) });
    expect(down).toMatchObject({ status: 503, jsonBody: { checks: { storage: 'does not answer' } } });
    expect(down.logged).toEqual(['the storage does not answer: no route to the host']);
  });
});
