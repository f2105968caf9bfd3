import { describe, expect, test } from '@jest/globals';
import { createKeyVaultTwin } from '../../sandbox/key-vault/key-vault-twin.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { createKeyVaultClient } from '../../shared/adapters/key-vault.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import { Refusal, TransientFailure } from '../../shared/errors.ts';
import { intakeWorld } from '../steps/intake-world.ts';
import { underVirtualTime } from '../steps/virtual-time.ts';

function withVault(options: Parameters<typeof intakeWorld>[0] = {}) {
  const world = intakeWorld(options);
  const wait = <Result>(work: Promise<Result>) => underVirtualTime(world.clock, work);
  const newest = (name: string) => wait(world.keyVault.newestVersion(name));
  const pass = (timeInMs: number) => wait(world.clock.sleep(timeInMs));
  return { ...world, wait, newest, pass };
}

describe('the newest version of a secret', () => {
  test('is found among many pages, and its value is never asked for', async () => {
    const { vault, newest, pass } = withVault();
    for (let version = 0; version < 60; version += 1) {
      vault.setSecret('token', `canary-${version}`);
      await pass(1_000);
    }
    const found = await newest('token');
    expect(vault.secretValue('token', found?.version)).toBe('canary-59');
    expect(vault.log.requests().map(({ operation }) => operation)).toEqual(
      Array(3).fill('GetSecretVersions'),
    );
    expect(vault.violations()).toEqual([]);
  });

  test('is null where there is no secret, and for a name that none can have', async () => {
    const { newest, vault } = withVault();
    expect(await newest('gone')).toBeNull();
    expect(await newest('under_score')).toBeNull();
    expect(await newest('a/../b')).toBeNull();
    expect(vault.log.requests()).toHaveLength(1);
  });

  test('cannot be used while it is disabled, after its end and before its begin', async () => {
    const { vault, newest, clock } = withVault();
    const now = Math.floor(clock.now() / 1000);
    vault.setSecret('off', 'x', { attributes: { enabled: false } });
    vault.setSecret('old', 'x', { attributes: { exp: now } });
    vault.setSecret('new', 'x', { attributes: { nbf: now + 60 } });
    vault.setSecret('fine', 'x', { attributes: { nbf: now, exp: now + 60 } });
    const reasons = [];
    for (const name of ['off', 'old', 'new', 'fine']) reasons.push((await newest(name))?.unusable);
    expect(reasons).toEqual(['disabled', 'expired', 'not valid yet', null]);
  });
});

describe('trouble on the way', () => {
  test('a busy vault is asked again after the time that it names', async () => {
    const { vault, newest, clock } = withVault();
    vault.setSecret('token', 'x');
    vault.faults.add({ kind: 'status', match: '*', status: 429, retryAfterInSeconds: 4, times: 1 });
    const before = clock.now();
    expect(await newest('token')).toMatchObject({ unusable: null });
    expect(clock.now() - before).toBeGreaterThanOrEqual(4_000);
  });

  test('a vault that does not let us in is a refusal, one that fails may do better later', async () => {
    const refused = withVault({ permits: () => false }).newest('token');
    await expect(refused).rejects.toBeInstanceOf(Refusal);
    await expect(refused).rejects.toThrow('Give it the role Key Vault Reader');
    const { vault, newest } = withVault();
    vault.faults.add({ kind: 'status', match: '*', status: 500 });
    await expect(newest('token')).rejects.toBeInstanceOf(TransientFailure);
  });

  test('a name that would change the host is refused before anything is sent', () => {
    const { clients } = withVault();
    expect(() => clients.keyVault('evil.example/x')).toThrow(Refusal);
  });
});

test('over real sockets a secret is looked up the same way', async () => {
  const twin = createKeyVaultTwin({ secrets: { token: 'canary' } });
  const listening = await twin.listen();
  try {
    const client = createKeyVaultClient({
      vault: 'kv-dev',
      keyVaultUrl: listening.url,
      credential: { getToken: async () => ({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }) },
      clock: systemClock,
      limits: new HostLimits(systemClock),
    });
    expect(await client.newestVersion('token')).toMatchObject({ unusable: null });
  } finally {
    await listening.close();
  }
});
