import { ManagedIdentityCredential } from '@azure/identity';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEntraTwin, type EntraSettings } from '../../../sandbox/entra/entra-twin.ts';
import { signToken, verifiedClaims } from '../../../sandbox/entra/jwt.ts';
import { signingKeyOf } from '../../../sandbox/entra/tokens.ts';
import { createChance } from '../../../sandbox/twin/chance.ts';
import type { Listening } from '../../../sandbox/twin/serve.ts';

const ARM = 'https://management.azure.com/';
const PRINCIPALS = [
  { name: 'slipway', clientId: 'client-1', objectId: 'object-1', managed: 'system' as const },
  { name: 'slipway-prod', clientId: 'client-2', objectId: 'object-2', managed: 'user' as const },
  { name: 'pipeline', clientId: 'client-3', objectId: 'object-3', clientSecret: 'secret-3' },
];

function build(settings: EntraSettings = {}) {
  let now = 1_700_000_000_000;
  const clock = { now: () => now, sleep: async () => {} };
  const entra = createEntraTwin({ chance: createChance(7), clock, principals: PRINCIPALS, ...settings });
  const send = async (method: string, url: string, rest: { headers?: object; body?: string } = {}) => {
    const { status, body } = await entra.handle({
      method,
      url,
      headers: { ...rest.headers },
      body: Buffer.from(rest.body ?? ''),
    });
    return { status, body: JSON.parse(Buffer.from(body).toString()) };
  };
  const exchange = (form: Record<string, string>, tenant = entra.tenantId) =>
    send('POST', `/${tenant}/oauth2/v2.0/token`, { body: String(new URLSearchParams(form)) });
  const advance = (byInMs: number) => {
    now += byInMs;
  };
  return { entra, send, exchange, advance };
}

const CLIENT = { grant_type: 'client_credentials', scope: `${ARM}.default` };

describe('the token of a managed identity', () => {
  const headers = { 'x-identity-header': 'sandbox' };
  const url = (rest = '') => `/msi/token?api-version=2019-08-01&resource=${encodeURIComponent(ARM)}${rest}`;

  test('is for the system-assigned identity when the request names none', async () => {
    const { entra, send } = build();
    const { body } = await send('GET', url(), { headers });
    expect(body).toMatchObject({ client_id: 'client-1', token_type: 'Bearer', expires_on: '1700086400' });
    expect(entra.acceptsToken(body.access_token, ARM)).toEqual({ ok: true, principal: 'slipway' });
    expect(entra.violations()).toEqual([]);
  });

  test('is for the user-assigned identity that the request names, by client or by object', async () => {
    const { entra, send } = build();
    for (const query of ['&client_id=client-2', '&principal_id=object-2']) {
      const { body } = await send('GET', url(query), { headers });
      expect(entra.acceptsToken(body.access_token, ARM)).toMatchObject({ principal: 'slipway-prod' });
    }
  });

  test('is not given for an application that is no managed identity', async () => {
    const answer = await build().send('GET', url('&client_id=client-3'), { headers });
    expect(answer).toMatchObject({ status: 400, body: { statusCode: 400 } });
  });

  test('is not given without the header that proves who asks', async () => {
    expect((await build().send('GET', url())).status).toBe(400);
    const { send } = build();
    const imds = `/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${ARM}`;
    expect((await send('GET', imds)).status).toBe(400);
    expect((await send('GET', imds, { headers: { metadata: 'true' } })).status).toBe(200);
  });
});

describe('the token endpoint of a tenant', () => {
  test('a secret gives a token for the resource of the scope', async () => {
    const { entra, exchange } = build();
    const { body } = await exchange({ ...CLIENT, client_id: 'client-3', client_secret: 'secret-3' });
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
    expect(entra.acceptsToken(body.access_token, ARM)).toEqual({ ok: true, principal: 'pipeline' });
    expect(entra.violations()).toEqual([]);
  });

  test.each([
    ['a wrong secret', { client_id: 'client-3', client_secret: 'x' }, 401, 7000215],
    ['no secret for an application without one', { client_id: 'client-2' }, 401, 7000215],
    ['an unknown application', { client_id: 'client-9', client_secret: 'x' }, 400, 700016],
    [
      'a scope without /.default',
      { client_id: 'client-3', client_secret: 'secret-3', scope: ARM },
      400,
      70011,
    ],
    ['another grant', { client_id: 'client-3', grant_type: 'password' }, 400, 70003],
  ])('%s is refused with its code', async (_what, form: object, status, code) => {
    const { entra, exchange } = build();
    expect(await exchange({ ...CLIENT, ...form })).toMatchObject({ status, body: { error_codes: [code] } });
    expect(entra.violations()).toEqual([]);
  });

  test('another tenant is not found', async () => {
    expect((await build().exchange(CLIENT, 'other')).body.error_codes).toEqual([90002]);
  });

  test('a federated assertion is exchanged only for the subject that it vouches for', async () => {
    const { entra, exchange } = build();
    const issuer = `https://sts.windows.net/${entra.tenantId}/`;
    entra.addPrincipal({
      name: 'federated',
      clientId: 'client-4',
      objectId: 'object-4',
      federated: [{ issuer, subject: 'object-1' }],
    });
    const form = (client_assertion: string) => ({
      ...CLIENT,
      client_id: 'client-4',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    });
    const right = entra.tokenFor('slipway', 'api://AzureADTokenExchange');
    const { body } = await exchange(form(right));
    expect(entra.acceptsToken(body.access_token, ARM)).toMatchObject({ principal: 'federated' });
    for (const wrong of [
      entra.tokenFor('slipway-prod', 'api://AzureADTokenExchange'),
      entra.tokenFor('slipway', ARM),
    ])
      expect(await exchange(form(wrong))).toMatchObject({ status: 401, body: { error_codes: [700213] } });
  });
});

describe('what a service says to a token', () => {
  test('a token for another audience, an expired one, a changed one and none are refused', () => {
    const { entra, advance } = build();
    const token = entra.tokenFor('slipway', ARM);
    const [header, , signature] = token.split('.');
    const changed = `${header}.${Buffer.from('{"aud":"x"}').toString('base64url')}.${signature}`;
    expect(entra.acceptsToken(token, 'https://management.azure.com')).toMatchObject({ ok: true });
    expect(entra.acceptsToken(token, ['https://vault.azure.net', ARM])).toMatchObject({ ok: true });
    expect(entra.acceptsToken(token, 'https://vault.azure.net')).toMatchObject({ ok: false });
    expect(entra.acceptsToken(changed, ARM)).toMatchObject({ ok: false });
    expect(entra.acceptsToken(undefined, ARM)).toMatchObject({ ok: false });
    advance(3_600_000);
    expect(entra.acceptsToken(token, ARM)).toEqual({ ok: false, why: 'the token has expired' });
  });

  test('a token of another tenant is refused, whatever it claims', () => {
    const mine = build().entra;
    const other = build().entra;
    mine.tokenFor('slipway', ARM);
    expect(mine.acceptsToken(other.tokenFor('slipway', ARM), ARM)).toMatchObject({ ok: false });
  });

  test('a token is still good after the state was exported and imported', () => {
    const { entra } = build();
    const token = entra.tokenFor('slipway', ARM);
    const copy = build().entra;
    copy.importState(entra.exportState());
    expect(copy.acceptsToken(token, ARM)).toMatchObject({ ok: true });
  });
});

describe('discovery', () => {
  test('the keys that discovery leads to verify the tokens', async () => {
    const { entra, send } = build();
    const token = entra.tokenFor('slipway', ARM);
    const found = await send(
      'GET',
      `https://login.test/${entra.tenantId}/v2.0/.well-known/openid-configuration`,
    );
    const { body } = await send('GET', found.body.jwks_uri);
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    const key = body.keys.find((one: { kid: string }) => one.kid === kid);
    expect(verifiedClaims(token, key)).toMatchObject({ aud: ARM, oid: 'object-1', tid: entra.tenantId });
    expect(JSON.stringify(body)).not.toContain('"d"');
    expect(entra.violations()).toEqual([]);
  });

  test('a token that says it needs no signature is not believed', () => {
    const state = { tenantId: 't', principals: [] };
    const token = signToken({ aud: 'a', iss: 'i', sub: 's', exp: 1 }, signingKeyOf(state));
    const [, payload, signature] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(verifiedClaims(`${none}.${payload}.${signature}`, signingKeyOf(state))).toBeUndefined();
  });
});

describe('the managed identity credential of the Azure SDK', () => {
  const before = { ...process.env };
  let server: Listening | undefined;
  afterEach(async () => {
    process.env = { ...before };
    await server?.close();
  });

  test('gets a token over loopback with the two settings of App Service', async () => {
    const entra = createEntraTwin({ principals: PRINCIPALS });
    server = await entra.listen();
    process.env.IDENTITY_ENDPOINT = `${server.url}/msi/token`;
    process.env.IDENTITY_HEADER = 'sandbox';
    const { token, expiresOnTimestamp } = await new ManagedIdentityCredential({
      clientId: 'client-2',
    }).getToken(`${ARM}.default`);
    expect(entra.acceptsToken(token, ARM)).toEqual({ ok: true, principal: 'slipway-prod' });
    expect(expiresOnTimestamp).toBeGreaterThan(Date.now() + 3_600_000);
    expect(entra.violations()).toEqual([]);
  });
});
