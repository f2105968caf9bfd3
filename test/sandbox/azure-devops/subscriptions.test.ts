import { describe, expect, test } from '@jest/globals';
import { asDataContractString } from '../../../sandbox/azure-devops/hooks/data-contract.ts';
import { ask, at, createOrganization, smallBuild, subscribe } from './organization.ts';

const SUBSCRIPTIONS = '_apis/hooks/subscriptions';

const queueInputs = { connectionString: 'Endpoint=sb://x/;SharedAccessKey=hidden', queueName: 'hooks' };
const toQueue = { consumerId: 'azureServiceBus', consumerActionId: 'serviceBusQueueSend' };

describe('subscriptions', () => {
  test('a secret is masked, and a masked secret keeps its value', async () => {
    const { twin, received } = createOrganization();
    const consumerInputs = {
      url: 'https://hooks.example/',
      basicAuthUsername: 'me',
      basicAuthPassword: 'hidden',
    };
    const id = await subscribe(twin, 'build.complete', { consumerInputs });
    const { json, body } = await ask(twin, 'GET', `${SUBSCRIPTIONS}/${id}`);
    expect(at(json, 'consumerInputs.basicAuthPassword')).toBe('********');
    expect(Buffer.from(body).includes('hidden')).toBe(false);
    const masked = { ...consumerInputs, url: 'https://other.example/', basicAuthPassword: '********' };
    await ask(twin, 'PUT', `${SUBSCRIPTIONS}/${id}`, {
      body: {
        publisherId: 'tfs',
        eventType: 'build.complete',
        consumerId: 'webHooks',
        consumerActionId: 'httpRequest',
        consumerInputs: masked,
      },
    });
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(received[0]).toMatchObject({
      url: 'https://other.example/',
      headers: { authorization: `Basic ${Buffer.from('me:hidden').toString('base64')}` },
    });
    expect(twin.service.violations()).toEqual([]);
  });

  test('two equal requests make two subscriptions, and every event comes twice', async () => {
    const { twin, received } = createOrganization();
    const ids = [await subscribe(twin, 'build.complete'), await subscribe(twin, 'build.complete')];
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(new Set(ids).size).toBe(2);
    expect(received).toHaveLength(2);
  });

  test('a deleted one hears nothing more', async () => {
    const { twin, received } = createOrganization();
    const id = await subscribe(twin, 'build.complete');
    expect((await ask(twin, 'DELETE', `${SUBSCRIPTIONS}/${id}`)).status).toBe(204);
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(received).toEqual([]);
    expect((await ask(twin, 'GET', `${SUBSCRIPTIONS}/${id}`)).status).toBe(404);
  });

  test('a person can disable one, and enable one that is on probation', async () => {
    const { twin, received, answers } = createOrganization();
    const id = await subscribe(twin, 'build.complete');
    const put = (status: string) =>
      ask(twin, 'PUT', `${SUBSCRIPTIONS}/${id}`, {
        body: {
          publisherId: 'tfs',
          eventType: 'build.complete',
          resourceVersion: '2.0',
          consumerId: 'webHooks',
          consumerActionId: 'httpRequest',
          consumerInputs: { url: 'https://hooks.example/' },
          status,
        },
      });
    await put('disabledByUser');
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(received).toEqual([]);
    await put('enabled');
    twin.publishBuild(smallBuild());
    answers.push(500);
    await twin.deliveries.deliverDue();
    expect(at((await put('enabled')).json, 'status')).toBe('enabled');
    expect(twin.deliveries.nextDueAt()).toBeUndefined();
  });

  test.each([
    ['an event of another publisher', { eventType: 'git.pullrequest.created', publisherId: 'pipelines' }],
    ['an unknown event', { eventType: 'build.started' }],
    ['an unknown action', { consumerActionId: 'email' }],
    ['no URL', { consumerInputs: {} }],
    ['a queue without its name', { ...toQueue, consumerInputs: { connectionString: 'x' } }],
    [
      'a connection string that is too long',
      { ...toQueue, consumerInputs: { ...queueInputs, connectionString: 'x'.repeat(501) } },
    ],
  ])('%s is refused', async (_what, changes) => {
    const { twin } = createOrganization();
    await subscribe(twin, 'build.complete', changes);
    expect(at((await ask(twin, 'GET', SUBSCRIPTIONS)).json, 'count')).toBe(0);
    expect(twin.service.log.requests()[0]?.status).toBe(400);
  });

  test('lists and queries find them by their fields and inputs', async () => {
    const { twin } = createOrganization();
    await subscribe(twin, 'build.complete', { publisherInputs: { definitionName: 'ci' } });
    await subscribe(twin, 'ms.vss-pipelinechecks-events.approval-pending');
    expect(at((await ask(twin, 'GET', `${SUBSCRIPTIONS}?publisherId=pipelines`)).json, 'count')).toBe(1);
    const query = (inputValue: string) =>
      ask(twin, 'POST', '_apis/hooks/subscriptionsquery', {
        body: {
          publisherId: 'tfs',
          publisherInputFilters: [
            { conditions: [{ inputId: 'definitionName', operator: 'equals', inputValue }] },
          ],
        },
      });
    expect(at((await query('ci')).json, 'results.length')).toBe(1);
    expect(at((await query('other')).json, 'results.length')).toBe(0);
    expect(twin.service.violations()).toEqual([]);
  });
});

describe('delivery to Service Bus', () => {
  test('by default the body is a .NET binary XML string around the JSON', async () => {
    const { twin, messages } = createOrganization();
    await subscribe(twin, 'build.complete', { ...toQueue, consumerInputs: queueInputs });
    const { id } = twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(messages.map(({ queueName, contentType }) => [queueName, contentType])).toEqual([
      ['hooks', 'application/xml'],
    ]);
    const body = Buffer.from(messages[0]?.body ?? []);
    expect([body[0], body[61]]).toEqual([0x40, 0x9a]);
    expect(JSON.parse(readRecords(body).text)).toMatchObject({ resource: { id } });
  });

  test('with bypassSerializer the body is plain JSON', async () => {
    const { twin, messages } = createOrganization();
    const consumerInputs = { ...queueInputs, bypassSerializer: 'true' };
    await subscribe(twin, 'build.complete', { ...toQueue, consumerInputs });
    const { id } = twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(messages[0]?.contentType).toBe('application/json');
    expect(JSON.parse(Buffer.from(messages[0]?.body ?? []).toString())).toMatchObject({ resource: { id } });
  });

  test('a queue that cannot be reached puts the subscription on probation', async () => {
    const { twin, answers } = createOrganization();
    const id = await subscribe(twin, 'build.complete', { ...toQueue, consumerInputs: queueInputs });
    twin.publishBuild(smallBuild());
    answers.push(new Error('no such queue'));
    await twin.deliveries.deliverDue();
    expect(at((await ask(twin, 'GET', `${SUBSCRIPTIONS}/${id}`)).json, 'status')).toBe('onProbation');
  });

  test.each([
    [0, [0x99]],
    [255, [0x99]],
    [256, [0x9b]],
    [512, [0x9b]],
    [513, [0x9a, 0x99]],
    [1400, [0x9a, 0x9a, 0x9b]],
  ])('a text of %i bytes is cut into records, the last of which closes', (length, types) => {
    const text = 'x'.repeat(length % 2) + 'é'.repeat(Math.floor(length / 2));
    expect(readRecords(asDataContractString(text))).toEqual({ text, types });
  });
});

/** The text of a serialized string and the types of its records, read by the rules of the format. */
function readRecords(bytes: Uint8Array): { text: string; types: number[] } {
  const body = Buffer.from(bytes);
  const types: number[] = [];
  const chunks: Buffer[] = [];
  for (let at = 61; at < body.length; ) {
    const type = body.readUInt8(at);
    const isShort = type < 0x9a;
    const length = isShort ? body.readUInt8(at + 1) : body.readUInt16LE(at + 1);
    const start = at + (isShort ? 2 : 3);
    types.push(type);
    chunks.push(body.subarray(start, start + length));
    at = start + length;
  }
  return { text: Buffer.concat(chunks).toString(), types };
}
