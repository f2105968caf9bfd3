import { ManagedIdentityCredential } from '@azure/identity';
import { afterEach, expect, test } from '@jest/globals';
import { createArmTwin } from '../../../sandbox/arm/arm-twin.ts';
import { createEntraTwin } from '../../../sandbox/entra/entra-twin.ts';
import { createKeyVaultTwin } from '../../../sandbox/key-vault/key-vault-twin.ts';
import type { Listening } from '../../../sandbox/twin/serve.ts';
import { GROUP, SUBSCRIPTION, storage, template } from './arm-client.ts';

const AUDIENCE = 'https://management.azure.com';
const before = { ...process.env };
const servers: Listening[] = [];
afterEach(async () => {
  process.env = { ...before };
  for (const server of servers.splice(0)) await server.close();
});

/** A tenant, a vault and ARM on loopback, and a caller with a managed identity. */
async function build() {
  const entra = createEntraTwin();
  const vault = createKeyVaultTwin({ secrets: { password: 'from the vault' } });
  const arm = createArmTwin({
    acceptsToken: (token) => entra.acceptsToken(token, AUDIENCE),
    readSecret: (_vaultId, name, version) => vault.secretValue(name, version),
    resourceGroups: [{ subscriptionId: SUBSCRIPTION, name: 'rg-parking-dev', location: 'westeurope' }],
    durations: { acceptedInMs: 5, resourceInMs: 5, whatIfInMs: 5 },
  });
  const identity = await entra.listen();
  const service = await arm.listen();
  servers.push(identity, service);
  process.env.IDENTITY_ENDPOINT = `${identity.url}/msi/token`;
  process.env.IDENTITY_HEADER = 'sandbox';
  const { token } = await new ManagedIdentityCredential().getToken(`${AUDIENCE}/.default`);
  const call = (url: string, method = 'GET', body?: object) =>
    fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  return { arm, call, url: `${service.url}${GROUP}/providers/Microsoft.Resources/deployments/main` };
}

test('a caller with a managed identity deploys and follows the headers to the end', async () => {
  const { arm, call, url } = await build();
  const parameters = { password: { type: 'secureString' } };
  const outputs = { length: { type: 'int', value: "[length(parameters('password'))]" } };
  const reference = { keyVault: { id: '/vaults/kv' }, secretName: 'password' };
  const properties = {
    mode: 'Incremental',
    template: template({ parameters, outputs, resources: [storage()] }),
    parameters: { password: { reference } },
  };
  const started = await call(`${url}?api-version=2025-04-01`, 'PUT', { properties });
  const follow = started.headers.get('azure-asyncoperation') ?? '';
  expect([started.status, new URL(follow).origin]).toEqual([201, new URL(url).origin]);
  await expect(untilEnded(async () => (await call(follow)).json())).resolves.toEqual({ status: 'Succeeded' });
  const ended = await (await call(`${url}?api-version=2025-04-01`)).json();
  expect(ended).toMatchObject({ properties: { outputs: { length: { value: 14 } } } });
  expect(JSON.stringify(ended)).not.toContain('from the vault');
  expect(arm.violations()).toEqual([]);
});

test('a caller without a token is told so', async () => {
  const { url } = await build();
  const refused = await fetch(`${url}?api-version=2025-04-01`);
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ error: { code: 'InvalidAuthenticationToken' } });
});

async function untilEnded(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const answer = await ask();
    if (!/Accepted|Running/.test(JSON.stringify(answer))) return answer;
  }
}
