import { describe, expect, test } from '@jest/globals';
import { createKeyVaultTwin, type KeyVaultSettings } from '../../../sandbox/key-vault/key-vault-twin.ts';
import { createChance } from '../../../sandbox/twin/chance.ts';

function build(settings: KeyVaultSettings = {}) {
  let now = 1_700_000_000_000;
  const clock = { now: () => now, sleep: async () => {} };
  const vault = createKeyVaultTwin({ clock, chance: createChance(5), ...settings });
  const send = async (method: string, url: string, body?: unknown) => {
    const target = url.startsWith('http')
      ? url
      : `https://kv-dev.vault.azure.net${url}${url.includes('?') ? '&' : '?'}api-version=7.6`;
    const response = await vault.handle({
      method,
      url: target,
      headers: {},
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
    });
    const text = Buffer.from(response.body).toString();
    return { ...response, body: text === '' ? undefined : JSON.parse(text) };
  };
  const advance = (byInMs: number) => {
    now += byInMs;
  };
  return { vault, send, advance };
}

describe('a secret', () => {
  test('is read by its name, with the id of its version', async () => {
    const { vault, send } = build({ secrets: { 'sql-password': 'one' } });
    const { body } = await send('GET', '/secrets/SQL-Password/');
    expect(body).toMatchObject({
      value: 'one',
      id: expect.stringMatching(/^https:\/\/kv-dev\.vault\.azure\.net\/secrets\/sql-password\/[0-9a-f]{32}$/),
      attributes: { enabled: true, created: 1_700_000_000 },
    });
    expect(vault.violations()).toEqual([]);
  });

  test('gets a new version each time it is set, also with the same value; older ones stay readable', async () => {
    const { vault, send, advance } = build();
    const first = (await send('PUT', '/secrets/a', { value: 'one', tags: { by: 'x' } })).body;
    advance(5_000);
    const second = (await send('PUT', '/secrets/a', { value: 'one' })).body;
    expect(second.id).not.toBe(first.id);
    expect(second.attributes.created).toBe(first.attributes.created + 5);
    expect(second.tags).toBeUndefined();
    const old = await send('GET', new URL(first.id).pathname);
    expect(old.body).toMatchObject({ value: 'one', tags: { by: 'x' } });
    expect((await send('GET', '/secrets/a/versions')).body.value).toHaveLength(2);
    expect(vault.violations()).toEqual([]);
  });

  test('that is disabled is not given out, and can be enabled again', async () => {
    const { vault, send } = build();
    const { body } = await send('PUT', '/secrets/a', { value: 'x', attributes: { enabled: false } });
    const refused = await send('GET', '/secrets/a');
    expect([refused.status, refused.body.error]).toEqual([
      403,
      expect.objectContaining({ code: 'Forbidden', innererror: { code: 'SecretDisabled' } }),
    ]);
    const changed = await send('PATCH', new URL(body.id).pathname, { attributes: { enabled: true } });
    expect(changed.body.value).toBeUndefined();
    expect((await send('GET', '/secrets/a')).body.value).toBe('x');
    expect(vault.violations()).toEqual([]);
  });

  test.each(['/secrets/gone', '/secrets/a/00000000000000000000000000000000', '/secrets/gone/versions'])(
    '%s is not found',
    async (path) => {
      const { vault, send } = build({ secrets: { a: 'x' } });
      const { status, body } = await send('GET', path);
      expect([status, body.error.code]).toEqual([404, 'SecretNotFound']);
      expect(vault.violations()).toEqual([]);
    },
  );

  test.each([
    ['a name with an underscore', '/secrets/a_b', { value: 'x' }],
    ['a value of more than 25 KB', '/secrets/a', { value: 'x'.repeat(25_601) }],
    [
      'more than 15 tags',
      '/secrets/a',
      { value: 'x', tags: Object.fromEntries([...Array(16).keys()].map((key) => [key, ''])) },
    ],
  ])('%s is refused', async (_what, path, body) => {
    const { vault, send } = build();
    const answer = await send('PUT', path, body);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'BadParameter']);
    expect((await send('GET', '/secrets')).body.value).toEqual([]);
    expect(vault.violations()).toEqual([]);
  });
});

describe('the list of secrets', () => {
  const secrets = Object.fromEntries([...Array(30).keys()].map((index) => [`s${10 + index}`, 'x']));

  test('comes in pages of 25 without values, joined by nextLink', async () => {
    const { vault, send } = build({ secrets });
    const first = (await send('GET', '/secrets')).body;
    expect(first.value).toHaveLength(25);
    expect(first.value[0].id).toBe('https://kv-dev.vault.azure.net/secrets/s10');
    expect(first.value[0].value).toBeUndefined();
    const second = (await send('GET', first.nextLink)).body;
    expect(second.value).toHaveLength(5);
    expect(second.nextLink).toBeNull();
    expect(vault.violations()).toEqual([]);
  });

  test('a page may be smaller but not larger', async () => {
    const { send } = build({ secrets });
    expect((await send('GET', '/secrets?maxresults=3')).body.value).toHaveLength(3);
    expect((await send('GET', '/secrets?maxresults=26')).status).toBe(400);
  });
});

describe('a deleted secret', () => {
  test('is gone from reading, and its name is taken until it is recovered', async () => {
    const { vault, send } = build({ secrets: { a: 'x' } });
    expect((await send('DELETE', '/secrets/a')).body).toMatchObject({ deletedDate: 1_700_000_000 });
    expect((await send('GET', '/secrets/a')).status).toBe(404);
    const taken = await send('PUT', '/secrets/a', { value: 'y' });
    expect([taken.status, taken.body.error.innererror.code]).toEqual([409, 'ObjectIsDeletedButRecoverable']);
    expect((await send('GET', '/deletedsecrets')).body.value).toHaveLength(1);
    await send('POST', '/deletedsecrets/a/recover');
    expect((await send('GET', '/secrets/a')).body.value).toBe('x');
    expect(vault.violations()).toEqual([]);
  });

  test('is gone for good once it is purged', async () => {
    const { vault, send } = build({ secrets: { a: 'x' } });
    await send('DELETE', '/secrets/a');
    expect((await send('GET', '/deletedsecrets/a')).status).toBe(200);
    expect((await send('DELETE', '/deletedsecrets/a')).status).toBe(204);
    expect((await send('GET', '/deletedsecrets/a')).status).toBe(404);
    expect((await send('PUT', '/secrets/a', { value: 'y' })).status).toBe(200);
    expect(vault.violations()).toEqual([]);
  });
});

describe('who may read', () => {
  test('a request without a good token is told for which tenant and resource it needs one', async () => {
    const { vault, send } = build({
      tenantId: 'the-tenant',
      acceptsToken: () => ({ ok: false, why: 'none' }),
    });
    const { status, headers } = await send('GET', '/secrets/a');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe(
      'Bearer authorization="https://login.microsoftonline.com/the-tenant", resource="https://vault.azure.net"',
    );
    expect(vault.violations()).toEqual([]);
  });

  test('a principal without the role is forbidden', async () => {
    const { send } = build({ secrets: { a: 'x' }, permits: (_who, operation) => operation !== 'SetSecret' });
    const refused = await send('PUT', '/secrets/a', { value: 'y' });
    expect([refused.status, refused.body.error.innererror.code]).toEqual([403, 'ForbiddenByRbac']);
    expect((await send('GET', '/secrets/a')).body.value).toBe('x');
  });

  test('an unknown version of the API is refused', async () => {
    const { send } = build();
    expect((await send('GET', 'https://kv/secrets?api-version=2015-01-01')).body.error.code).toBe(
      'BadParameter',
    );
  });

  test('more than 300 new secrets at once are throttled, with the time to wait', async () => {
    const { send, advance } = build();
    for (let index = 0; index < 300; index++) await send('PUT', '/secrets/a', { value: 'x' });
    const refused = await send('PUT', '/secrets/a', { value: 'x' });
    expect([refused.status, refused.body.error.code, refused.headers['retry-after']]).toEqual([
      429,
      'Throttled',
      '1',
    ]);
    expect((await send('GET', '/secrets/a')).status).toBe(200);
    advance(1_000);
    expect((await send('PUT', '/secrets/a', { value: 'x' })).status).toBe(200);
  });
});

test('what somebody changed by hand is seen, and the state can be moved', async () => {
  const { vault, send } = build({ secrets: { a: 'x' } });
  vault.setSecret('a', 'rotated', { contentType: 'text/plain' });
  expect((await send('GET', '/secrets/a')).body).toMatchObject({
    value: 'rotated',
    contentType: 'text/plain',
  });
  const other = build();
  other.vault.importState(vault.exportState());
  expect(other.vault.secretValue('A')).toBe('rotated');
  expect(other.vault.secretValue('gone')).toBeUndefined();
});
