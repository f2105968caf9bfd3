import { SecretClient } from '@azure/keyvault-secrets';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEntraTwin } from '../../../sandbox/entra/entra-twin.ts';
import { createKeyVaultTwin } from '../../../sandbox/key-vault/key-vault-twin.ts';
import type { Listening } from '../../../sandbox/twin/serve.ts';

const AUDIENCE = 'https://vault.azure.net';
const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** The real client at a vault on loopback; its tokens are real ones of a tenant. */
async function build(secrets: Record<string, string> = {}) {
  const entra = createEntraTwin();
  const vault = createKeyVaultTwin({
    secrets,
    tenantId: entra.tenantId,
    acceptsToken: (token) => entra.acceptsToken(token, AUDIENCE),
  });
  const server = await vault.listen();
  servers.push(server);
  const asked: string[] = [];
  const credential = {
    getToken: async (scopes: string | string[]) => {
      asked.push([scopes].flat().join());
      return { token: entra.tokenFor('slipway', AUDIENCE), expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  const options = {
    allowInsecureConnection: true,
    disableChallengeResourceVerification: true,
    retryOptions: { maxRetries: 2, retryDelayInMs: 1 },
  };
  return { vault, asked, client: new SecretClient(server.url, credential, options) };
}

describe('the secrets client of the Azure SDK', () => {
  test('follows the challenge, once for many requests', async () => {
    const { vault, asked, client } = await build({ 'sql-password': 'one' });
    const secret = await client.getSecret('sql-password');
    expect(secret.value).toBe('one');
    expect(secret.properties).toMatchObject({ name: 'sql-password', enabled: true });
    await client.getSecret('sql-password', { version: secret.properties.version ?? '' });
    expect(asked).toEqual([`${AUDIENCE}/.default`]);
    expect(vault.log.requests().map(({ status }) => status)).toEqual([401, 200, 200]);
    expect(vault.violations()).toEqual([]);
  });

  test('writes a secret although the challenge came before its body', async () => {
    const { vault, client } = await build();
    await client.setSecret('a', 'x', { contentType: 'text/plain', tags: { by: 'slipway' } });
    await client.setSecret('a', 'y');
    expect(vault.secretValue('a')).toBe('y');
    expect(vault.violations()).toEqual([]);
  });

  test('lists over pages', async () => {
    const { vault, client } = await build(
      Object.fromEntries([...Array(30).keys()].map((key) => [`s${key}`, 'x'])),
    );
    const names: string[] = [];
    for await (const { name } of client.listPropertiesOfSecrets()) names.push(name);
    expect(new Set(names).size).toBe(30);
    expect(vault.violations()).toEqual([]);
  });

  test('tells a missing secret from a disabled one', async () => {
    const { vault, client } = await build();
    vault.setSecret('off', 'x', { attributes: { enabled: false } });
    await expect(client.getSecret('gone')).rejects.toMatchObject({ statusCode: 404, code: 'SecretNotFound' });
    await expect(client.getSecret('off')).rejects.toMatchObject({ statusCode: 403, code: 'Forbidden' });
  });

  test('tries again after a lost answer and a busy vault', async () => {
    const { vault, client } = await build({ a: 'x' });
    vault.faults.add({ kind: 'drop', match: 'GetSecret', skip: 1, times: 1 });
    vault.faults.add({
      kind: 'status',
      match: 'GetSecret',
      skip: 1,
      times: 1,
      status: 503,
      retryAfterInSeconds: 0,
    });
    expect((await client.getSecret('a')).value).toBe('x');
  });

  test('deletes, recovers and purges', async () => {
    const { vault, client } = await build({ a: 'x' });
    await (await client.beginDeleteSecret('a', { intervalInMs: 5 })).pollUntilDone();
    await (await client.beginRecoverDeletedSecret('a', { intervalInMs: 5 })).pollUntilDone();
    expect((await client.getSecret('a')).value).toBe('x');
    await (await client.beginDeleteSecret('a', { intervalInMs: 5 })).pollUntilDone();
    await client.purgeDeletedSecret('a');
    expect(vault.violations()).toEqual([]);
  });
});
