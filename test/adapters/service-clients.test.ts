import { describe, expect, test } from '@jest/globals';
import { createArmTwin } from '../../sandbox/arm/arm-twin.ts';
import { createAzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import { createDatabricksTwin } from '../../sandbox/databricks/twin.ts';
import { createKeyVaultTwin } from '../../sandbox/key-vault/key-vault-twin.ts';
import type { TwinRequest } from '../../sandbox/twin/exchange.ts';
import type { Twin } from '../../sandbox/twin/model.ts';
import { serviceClients } from '../../shared/adapters/service-clients.ts';
import { readConfig } from '../../shared/config.ts';
import type { Clients } from '../../shared/engine/clients.ts';
import { twinHttpClient } from '../steps/twin-http-client.ts';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111';
const PRODUCTION = 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e02';
const WORKSPACE = 'https://adb-1000000000000001.1.azuredatabricks.net';
const RESOURCE_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Databricks/workspaces/ws`;
const SETTINGS = {
  ServiceBus__fullyQualifiedNamespace: 'slipway.servicebus.windows.net',
  Storage__tableServiceUri: 'https://slipway.table.core.windows.net',
  Storage__blobServiceUri: 'https://slipway.blob.core.windows.net',
  WEBHOOK_PASSWORDS: 'no-webhook-comes-in-here',
};

/** All services, each of which lets everybody in and notes with which headers. */
function cloud() {
  const clock = newClock();
  const base = { clock: { now: clock.now.bind(clock), sleep: clock.sleep.bind(clock) } };
  const acceptsToken = () => ({ ok: true, principal: 'somebody' }) as const;
  const group = { subscriptionId: SUBSCRIPTION, name: 'rg', location: 'eastus2' };
  const azureDevOps = createAzureDevOps({ ...base, organization: 'contoso', acceptsToken });
  azureDevOps.addProject('parking');
  const workspace = createDatabricksTwin(base);
  const seen: { readonly at: string; readonly headers: Readonly<Record<string, string>> }[] = [];
  const noted = (origin: string, twin: Twin) => ({
    handle(request: TwinRequest) {
      seen.push({ at: new URL(origin).host, headers: { ...request.headers } as Record<string, string> });
      return twin.handle(request);
    },
  });
  const twins = {
    'https://dev.azure.com': azureDevOps.service,
    'https://management.azure.com': createArmTwin({ ...base, resourceGroups: [group] }),
    'https://kv-parking.vault.azure.net': createKeyVaultTwin({ ...base, acceptsToken }),
    [WORKSPACE]: workspace,
  };
  const tokens: string[] = [];
  const clientsFor = serviceClients({
    config: readConfig(SETTINGS),
    identityFor: (id) => ({
      async getToken(scope) {
        tokens.push(`${id ?? 'slipway'} ${scope}`);
        return { token: `token of ${id ?? 'slipway'}`, expiresOnTimestamp: clock.now() + 3_600_000 };
      },
    }),
    clock,
    httpClient: twinHttpClient(
      Object.fromEntries(Object.entries(twins).map(([origin, twin]) => [origin, noted(origin, twin)])),
    ),
  });
  const during = <Result>(work: Promise<Result>) => underVirtualTime(clock, work);
  return { clientsFor, seen, tokens, during, workspace, twins: Object.values(twins) };
}

/** One request to every service. */
async function askAll(clients: Clients): Promise<void> {
  await clients.azureDevOps('contoso').variableGroup('parking', 'none');
  await clients.arm(SUBSCRIPTION).deployment({ resourceGroup: 'rg', name: 'none' });
  await clients.keyVault('kv-parking').newestVersion('none');
  await clients.databricks(WORKSPACE).me();
}

describe('the clients of an environment with an identity of its own', () => {
  test('show it to all services but Azure DevOps, which knows only the service itself', async () => {
    const { clientsFor, seen, during, twins } = cloud();
    await during(askAll(clientsFor(PRODUCTION)));
    expect(seen.map(({ at, headers }) => [at, headers.authorization])).toEqual([
      ['dev.azure.com', 'Bearer token of slipway'],
      ['management.azure.com', `Bearer token of ${PRODUCTION}`],
      ['kv-parking.vault.azure.net', `Bearer token of ${PRODUCTION}`],
      [new URL(WORKSPACE).host, `Bearer token of ${PRODUCTION}`],
    ]);
    expect(twins.flatMap((twin) => twin.violations())).toEqual([]);
  });

  test('leave those of the service and of other environments alone, whoever asks first', async () => {
    const { clientsFor, seen, during } = cloud();
    for (const identity of [null, PRODUCTION, null])
      await during(clientsFor(identity).databricks(WORKSPACE).me());
    const tokens = seen.map(({ headers }) => headers.authorization);
    expect(tokens).toEqual([
      'Bearer token of slipway',
      `Bearer token of ${PRODUCTION}`,
      'Bearer token of slipway',
    ]);
  });

  test('get a token once for each service and identity', async () => {
    const { clientsFor, tokens, during } = cloud();
    for (const identity of [null, PRODUCTION, null, PRODUCTION]) await during(askAll(clientsFor(identity)));
    expect(tokens).toHaveLength(4 + 3);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  test('share the limits of a host with all others', async () => {
    const { clientsFor, during, workspace } = cloud();
    workspace.faults.add({ kind: 'latency', latencyInMs: 500 });
    const asked = [null, PRODUCTION, SUBSCRIPTION].flatMap((identity) =>
      Array.from({ length: 10 }, () => clientsFor(identity).databricks(WORKSPACE).me()),
    );
    await during(Promise.all(asked));
    expect(workspace.log.count()).toBe(30);
    expect(workspace.log.peakInFlight()).toBe(10);
  });
});

describe('a workspace of which the identity is no user', () => {
  test('is shown its id in Azure and a token of Azure, with every request', async () => {
    const { clientsFor, seen, tokens, during } = cloud();
    const client = clientsFor(PRODUCTION).databricks(WORKSPACE, RESOURCE_ID);
    await during(Promise.all([client.me(), client.workspace.list('/Shared')]));
    expect(seen).toHaveLength(2);
    for (const { headers } of seen)
      expect(headers).toMatchObject({
        authorization: `Bearer token of ${PRODUCTION}`,
        'x-databricks-azure-sp-management-token': `token of ${PRODUCTION}`,
        'x-databricks-azure-workspace-resource-id': RESOURCE_ID,
      });
    expect(tokens).toContain(`${PRODUCTION} https://management.core.windows.net//.default`);
  });

  test('gets neither where no id is given', async () => {
    const { clientsFor, seen, tokens, during } = cloud();
    await during(clientsFor(PRODUCTION).databricks(WORKSPACE).me());
    expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => name.startsWith('x-databricks'))).toEqual([]);
    expect(tokens).toHaveLength(1);
  });

  test.each(['ws', `${RESOURCE_ID}\nx: y`, RESOURCE_ID.replace('Databricks', 'Storage')])(
    'must have an id of a workspace, not %j',
    (id) => {
      expect(() => cloud().clientsFor(null).databricks(WORKSPACE, id)).toThrow(
        /databricksWorkspaceResourceId is [\s\S]*, which is no id of a workspace\. It should look like/,
      );
    },
  );
});
