import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ArmTwin } from '../../sandbox/arm/arm-twin.ts';
import { createArmTwin } from '../../sandbox/arm/arm-twin.ts';
import type { EntraTwin } from '../../sandbox/entra/entra-twin.ts';
import { createEntraTwin } from '../../sandbox/entra/entra-twin.ts';
import type { Listening } from '../../sandbox/twin/serve.ts';
import { createArmClient } from '../../shared/adapters/arm.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { lazyIdentity } from '../../shared/adapters/lazy-identity.ts';

const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111';
const PLACE = { resourceGroup: 'rg', name: 'none' };
const SYSTEM = {
  name: 'slipway',
  clientId: 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e01',
  objectId: 'o1',
  managed: 'system',
} as const;
const PRODUCTION = {
  name: 'slipway-prod',
  clientId: 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e02',
  objectId: 'o2',
  managed: 'user',
} as const;

let entra: EntraTwin;
let arm: ArmTwin;
let servers: readonly Listening[] = [];
/** Names of those whose requests Azure Resource Manager looked at. */
const callers: string[] = [];

/** As the platform tells an app where its managed identity is. */
beforeAll(async () => {
  entra = createEntraTwin({ principals: [SYSTEM, PRODUCTION] });
  arm = createArmTwin({
    permits: (principal) => callers.push(principal) > 0,
    acceptsToken: (token) => entra.acceptsToken(token, 'https://management.azure.com'),
    resourceGroups: [{ subscriptionId: SUBSCRIPTION, name: 'rg', location: 'eastus2' }],
  });
  servers = await Promise.all([entra.listen(), arm.listen()]);
  process.env.IDENTITY_ENDPOINT = `${servers[0]?.url}/msi/token`;
  process.env.IDENTITY_HEADER = 'sandbox';
});
afterAll(() => Promise.all(servers.map((server) => server.close())));
afterEach(() => {
  expect([...entra.violations(), ...arm.violations()]).toEqual([]);
  entra.log.clear();
  arm.log.clear();
  callers.length = 0;
});

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };

function clientWith(clientId: string | null) {
  return createArmClient({
    subscription: SUBSCRIPTION,
    armUrl: servers[1]?.url ?? '',
    credential: lazyIdentity(clientId),
    clock,
    limits: new HostLimits(clock),
  });
}

describe('the managed identity', () => {
  test('gets one token, which the service takes for all calls of a client', async () => {
    const client = clientWith(null);
    expect(await client.deployment(PLACE)).toBeNull();
    expect(await client.deployment(PLACE)).toBeNull();
    expect(entra.log.count()).toBe(1);
    expect(callers).toEqual([SYSTEM.name, SYSTEM.name]);
  });

  test('is the user-assigned one that is named', async () => {
    expect(await clientWith(PRODUCTION.clientId).deployment(PLACE)).toBeNull();
    expect(callers).toEqual([PRODUCTION.name]);
  });

  test('that does not exist is a failure that says so, and nothing is asked', async () => {
    await expect(clientWith('00000000-0000-4000-8000-000000000000').deployment(PLACE)).rejects.toMatchObject({
      name: 'TransientFailure',
      message: expect.stringContaining('no token for https://management.azure.com/.default'),
    });
    expect(arm.log.count()).toBe(0);
  });

  test('costs nothing before a token is needed', () => {
    lazyIdentity(null);
    expect(entra.log.count()).toBe(0);
  });
});
