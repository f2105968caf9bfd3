import { afterEach, expect, test } from '@jest/globals';
import { createDatabricksTwin } from '../../sandbox/databricks/twin.ts';
import { createDatabricksClient } from '../../shared/adapters/databricks.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { twinHttpClient } from '../steps/twin-http-client.ts';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

const WORKSPACE = 'https://adb-7405600000000001.1.azuredatabricks.net';
const ID =
  '/subscriptions/10000000-0000-4000-8000-000000000003/resourceGroups/rg-prod/providers/Microsoft.Databricks/workspaces/dbw';
const OTHER_ID = `${ID}-other`;

const clock = newClock();
const FOR_AZURE = 'token for https://management.core.windows.net//.default';
const twin = createDatabricksTwin({
  clock: { now: () => clock.now(), sleep: (timeInMs) => clock.sleep(timeInMs) },
  acceptsToken: (token) =>
    token === 'token for 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default'
      ? { ok: true, principal: 'stranger' }
      : { ok: false, why: 'another token' },
  strangers: ['stranger'],
  resource: { id: ID, isContributor: (token) => token === FOR_AZURE },
});
afterEach(() => expect(twin.violations()).toEqual([]));

/** What the workspace says to a client with tokens for every scope, and an id of a workspace in Azure or none. */
async function ask(resourceId?: string): Promise<string> {
  const client = createDatabricksClient({
    ...{ workspaceUrl: WORKSPACE, clock, limits: new HostLimits(clock) },
    ...(resourceId === undefined ? {} : { resourceId }),
    credential: {
      getToken: async (scope) => ({
        token: `token for ${scope}`,
        expiresOnTimestamp: clock.now() + 3_600_000,
      }),
    },
    httpClient: twinHttpClient({ [WORKSPACE]: twin }),
  });
  const asked = client.jobs.find('load').then(
    () => 'let in',
    (error: unknown) => String(error),
  );
  return underVirtualTime(clock, asked);
}

test('who is no user of a workspace is let in as its Contributor in Azure, with proof and its id', async () => {
  expect(await ask(ID)).toBe('let in');
});

test.each([
  ['no id', undefined],
  ['the id of another one', OTHER_ID],
])('who is no user of a workspace is not let in with %s', async (_what, id) => {
  expect(await ask(id)).toContain("Databricks does not allow this to Slipway's identity");
});
