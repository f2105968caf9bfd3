import { describe, expect, test } from '@jest/globals';
import { ask, at, createOrganization } from './organization.ts';

const PROJECTS = '_apis/projects';

describe('a bad token', () => {
  test('gets a sign-in page that looks like success', async () => {
    const { twin } = createOrganization();
    const headers = { 'x-tfs-fedauthredirect': '' };
    const { status, headers: sent, body } = await ask(twin, 'GET', PROJECTS, { as: 'bad', headers });
    expect([status, sent['content-type']]).toEqual([203, 'text/html; charset=utf-8']);
    expect(Buffer.from(body).toString()).toContain('Sign In');
  });

  test('gets 401 when the caller asks for no redirect', async () => {
    const { twin } = createOrganization();
    const { status, json } = await ask(twin, 'GET', PROJECTS, { as: 'bad' });
    expect([status, at(json, 'typeKey')]).toEqual([401, 'UnauthorizedRequestException']);
  });
});

describe('errors', () => {
  test('have the shape that clients key on', async () => {
    const { json } = await ask(createOrganization().twin, 'GET', 'nowhere/_apis/build/builds');
    expect(json).toMatchObject({
      $id: '1',
      innerException: null,
      typeKey: 'ProjectDoesNotExistWithNameException',
    });
    expect(Object.keys(Object(json)).sort()).toEqual(
      ['$id', 'errorCode', 'eventId', 'innerException', 'message', 'typeKey', 'typeName'].sort(),
    );
  });

  test('begin with a byte order mark on demand', async () => {
    const { twin } = createOrganization();
    twin.manners.errorsBeginWithMark = true;
    const { body, json, headers } = await ask(twin, 'GET', `${PROJECTS}/none`);
    expect([...body.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect([headers['content-type'], at(json, 'typeKey')]).toEqual([
      'application/json; charset=utf-8',
      'ProjectDoesNotExistWithNameException',
    ]);
    expect((await ask(twin, 'GET', PROJECTS)).body[0]).toBe('{'.charCodeAt(0));
  });

  test('name an organisation that is not this one', async () => {
    const { twin } = createOrganization();
    const { status } = await twin.service.handle({
      method: 'GET',
      url: '/fabrikam/_apis/projects?api-version=7.1',
      headers: { authorization: 'Bearer Slipway' },
      body: new Uint8Array(),
    });
    expect(status).toBe(404);
  });

  test.each(['6.0', '7.3', 'latest'])('api-version %s is refused', async (version) => {
    const { twin } = createOrganization();
    expect((await ask(twin, 'GET', PROJECTS, { version })).status).toBe(400);
  });
});

describe('throttling', () => {
  /** Four requests are the limit. */
  const throttle = { unitsPerRequest: 50 };

  test('far from the limit nothing is said about it', async () => {
    const { twin } = createOrganization({ throttle });
    const { headers } = await ask(twin, 'GET', PROJECTS);
    expect(Object.keys(headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
  });

  test('near the limit headers tell what is left', async () => {
    const { twin } = createOrganization({ throttle });
    const { headers } = await last(twin, 4);
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '200', 'x-ratelimit-remaining': '0' });
    expect(headers['retry-after']).toBeUndefined();
  });

  test('over it a success carries Retry-After', async () => {
    const { twin } = createOrganization({ throttle });
    const { status, headers } = await last(twin, 5);
    expect([status, headers['retry-after']]).toEqual([200, '30']);
  });

  test('far over it requests are refused with 429 until the window has moved on', async () => {
    const { twin, clock } = createOrganization({ throttle });
    const { status, json, headers } = await last(twin, 9);
    expect([status, headers['retry-after']]).toEqual([429, '300']);
    expect(at(json, 'message')).toMatch(/^TF400733/);
    clock.time += 300_000;
    expect((await ask(twin, 'GET', PROJECTS)).status).toBe(200);
  });

  test('one caller does not use up the units of another', async () => {
    const { twin } = createOrganization({ throttle });
    await last(twin, 9);
    expect((await ask(twin, 'GET', PROJECTS, { as: 'Someone Else' })).status).toBe(200);
  });

  async function last(twin: Parameters<typeof ask>[0], requests: number) {
    for (let request = 1; request < requests; request++) await ask(twin, 'GET', PROJECTS);
    return ask(twin, 'GET', PROJECTS);
  }
});
