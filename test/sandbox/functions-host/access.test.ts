import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applyEasyAuth, readUsers } from '../../../sandbox/functions-host/http/easy-auth.ts';
import { readKeys } from '../../../sandbox/functions-host/http/keys.ts';
import { type Hosted, hostApp } from './hosting.ts';

const keys = readKeys({
  master: 'the-master',
  host: { default: 'any-function' },
  functions: { Secured: { mine: 'only-secured' } },
});
const users = readUsers({
  users: {
    ada: { id: '11111111-1111-4111-8111-111111111111', name: 'ada@example.com', roles: ['approver'] },
    bob: { id: '22222222-2222-4222-8222-222222222222', name: 'bob@example.com' },
  },
  signedIn: 'ada',
});

let locked: Hosted;
let open: Hosted;

beforeAll(async () => {
  [locked, open] = await Promise.all([hostApp('sample', { keys, users }), hostApp('sample')]);
});

afterAll(async () => {
  await Promise.all([locked.stop(), open.stop()]);
});

async function statusOf(path: string, key?: string): Promise<number> {
  const response = await fetch(
    locked.url(path),
    key === undefined ? {} : { headers: { 'x-functions-key': key } },
  );
  return response.status;
}

describe('keys', () => {
  test.each([
    ['a function is closed without a key', 'secured', undefined, 401],
    ['a wrong key opens nothing', 'secured', 'wrong', 401],
    ['the key of the function opens it', 'secured', 'only-secured', 200],
    ['a host key opens every function', 'secured', 'any-function', 200],
    ['the master key opens every function', 'secured', 'the-master', 200],
    ['a host key does not open an admin function', 'masters', 'any-function', 401],
    ['the master key opens an admin function', 'masters', 'the-master', 200],
    ['an anonymous function needs no key', 'nothing', undefined, 204],
    ['the admin routes are closed to host keys', '/admin/host/status', 'any-function', 401],
    ['the admin routes are open to the master key', '/admin/host/status', 'the-master', 200],
  ])('%s', async (_rule, path, key, status) => {
    expect(await statusOf(path, key)).toBe(status);
  });

  test('a key may come in the query, and the header wins over it', async () => {
    expect(await statusOf('secured?code=only-secured')).toBe(200);
    expect(await statusOf('secured?code=only-secured', 'wrong')).toBe(401);
  });

  test('without keys every function is open', async () => {
    expect((await fetch(open.url('secured'))).status).toBe(200);
  });

  test('keys without a master key are refused', () => {
    expect(() => readKeys({ host: {} })).toThrow('master');
  });
});

interface Seen {
  user: { id: string; username: string } | null;
  headers: Record<string, string>;
}

async function seenBy(host: Hosted, headers: Record<string, string>): Promise<Seen> {
  return (await (await fetch(host.url('echo/x'), { headers })).json()) as Seen;
}

const forged = {
  'x-ms-client-principal': Buffer.from('{"auth_typ":"aad","claims":[]}').toString('base64'),
  'x-ms-client-principal-id': 'forged',
  'x-ms-client-principal-name': 'forged',
  'x-ms-client-principal-idp': 'aad',
  'x-ms-token-aad-access-token': 'forged',
};

describe('App Service authentication', () => {
  test('where it is off, an identity that a client sends is taken away', async () => {
    const { user, headers } = await seenBy(open, forged);
    expect(user).toBeNull();
    expect(JSON.stringify(headers)).not.toContain('forged');
  });

  test('where it is on, the identity is the signed-in user, never what a client sends', async () => {
    const { user, headers } = await seenBy(locked, forged);
    expect(user).toMatchObject({ id: users.users.ada?.id, username: 'ada@example.com' });
    expect(JSON.stringify(headers)).not.toContain('forged');
  });

  test('a request can choose another user by header or cookie', async () => {
    expect((await seenBy(locked, { 'x-sandbox-user': 'bob' })).user?.username).toBe('bob@example.com');
    expect((await seenBy(locked, { cookie: 'a=b; x-sandbox-user=bob' })).user?.username).toBe(
      'bob@example.com',
    );
  });

  test('an unknown user is nobody', async () => {
    expect((await seenBy(locked, { 'x-sandbox-user': 'eve' })).user).toBeNull();
  });

  test('the principal carries the object id and the roles as claims', () => {
    const headers = applyEasyAuth({}, users);
    const principal = JSON.parse(Buffer.from(headers['x-ms-client-principal'] ?? '', 'base64').toString());
    expect(principal).toMatchObject({ auth_typ: 'aad', name_typ: 'name', role_typ: 'roles' });
    expect(principal.claims).toContainEqual({ typ: 'roles', val: 'approver' });
  });
});
