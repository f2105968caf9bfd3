import { describe, expect, test } from '@jest/globals';
import { readConfig, readWebhookConfig, settingsProblems } from '../shared/config.ts';
import { UnreadableInput } from '../shared/errors.ts';

const LEAST = {
  ServiceBus: 'Endpoint=sb://x',
  Storage: 'UseDevelopmentStorage=true',
  WEBHOOK_PASSWORDS: 'a-password-of-enough-characters',
};

function problem(env: Record<string, string | undefined>): string {
  try {
    readConfig(env);
    readWebhookConfig(env);
  } catch (error) {
    if (error instanceof UnreadableInput) return error.message;
    throw error;
  }
  return 'none';
}

describe('settings', () => {
  test('three are enough; all others have a default', () => {
    expect(readConfig(LEAST)).toMatchObject({
      azureDevOpsUrl: 'https://dev.azure.com',
      armUrl: 'https://management.azure.com',
      telemetry: null,
      identityClientId: null,
    });
    expect(readWebhookConfig(LEAST)).toMatchObject({ user: 'azure-devops', subscriptions: [], accounts: [] });
    expect(settingsProblems(LEAST)).toEqual([]);
  });

  test('addresses with the managed identity take the place of connection strings', () => {
    const config = readConfig({
      WEBHOOK_PASSWORDS: LEAST.WEBHOOK_PASSWORDS,
      ServiceBus__fullyQualifiedNamespace: 'ns.servicebus.windows.net',
      Storage__tableServiceUri: 'https://account.table.core.windows.net',
      Storage__blobServiceUri: 'https://account.blob.core.windows.net',
    });
    expect(config.serviceBus).toEqual({ address: 'ns.servicebus.windows.net' });
    expect(config.storage).toEqual({
      tables: 'https://account.table.core.windows.net',
      blobs: 'https://account.blob.core.windows.net',
    });
  });

  test('two passwords are valid while one is being changed', () => {
    const both = 'the-old-one-1234567 the-new-one-1234567';
    const { passwords } = readWebhookConfig({ ...LEAST, WEBHOOK_PASSWORDS: both });
    expect(passwords).toEqual(['the-old-one-1234567', 'the-new-one-1234567']);
  });

  test('ids may be written in any case, with blanks or commas between them', () => {
    const env = { ...LEAST, WEBHOOK_SUBSCRIPTIONS: 'AB, cd', WEBHOOK_ACCOUNTS: 'EF gh' };
    expect(readWebhookConfig(env)).toMatchObject({ subscriptions: ['ab', 'cd'], accounts: ['ef', 'gh'] });
  });

  test.each([
    ['no password at all', { ...LEAST, WEBHOOK_PASSWORDS: undefined }, /WEBHOOK_PASSWORDS: set it/],
    ['a password that can be guessed', { ...LEAST, WEBHOOK_PASSWORDS: 'short' }, /at least 16 characters/],
    ['no queue', { ...LEAST, ServiceBus: undefined }, /ServiceBus__fullyQualifiedNamespace must be set/],
    [
      'half a storage',
      { ...LEAST, Storage: undefined, Storage__tableServiceUri: 'https://t' },
      /Storage__blobServiceUri/,
    ],
    ['a vault address without the vault', { ...LEAST, KEY_VAULT_URL: 'https://vault' }, /KEY_VAULT_URL/],
  ])('%s is refused by name', (_title, env, reason) => {
    expect(problem(env)).toMatch(reason);
  });

  test('a wrong password of the webhook stops nothing but the webhook', () => {
    const env = { ...LEAST, WEBHOOK_PASSWORDS: 'short' };
    expect(readConfig(env).serviceBus).toEqual({ connectionString: 'Endpoint=sb://x' });
    expect(() => readWebhookConfig(env)).toThrow(UnreadableInput);
  });

  test('all that is wrong is named at once', () => {
    const env = { WEBHOOK_PASSWORDS: 'short', ARM_URL: 'nowhere' };
    const names = settingsProblems(env).map((text) => text.split(/[ :,]/)[0]);
    expect(names).toEqual(['ARM_URL', 'ServiceBus', 'Storage', 'WEBHOOK_PASSWORDS']);
    for (const each of ['ARM_URL', 'ServiceBus', 'Storage']) expect(problem(env)).toContain(each);
  });

  test('a refusal never repeats a value', () => {
    expect(problem({ ...LEAST, WEBHOOK_PASSWORDS: 'hunter2' })).not.toContain('hunter2');
  });
});
