import { describe, expect, test } from '@jest/globals';
import { ask, at, createOrganization, START, smallBuild, subscribe } from './organization.ts';

const MINUTE = 60_000;

async function statusOf(twin: Parameters<typeof ask>[0], id: string) {
  return at((await ask(twin, 'GET', `_apis/hooks/subscriptions/${id}`)).json, 'status');
}

/** Lets time pass from one due delivery to the next, until nothing is due any more. */
async function runOut({ twin, clock }: ReturnType<typeof createOrganization>) {
  await twin.deliveries.deliverDue();
  for (let due = twin.deliveries.nextDueAt(); due !== undefined; due = twin.deliveries.nextDueAt()) {
    clock.time = due;
    await twin.deliveries.deliverDue();
  }
}

describe('delivery to Web Hooks', () => {
  test('a completed build reaches its subscriber once, with basic auth and static headers', async () => {
    const { twin, received } = createOrganization();
    const consumerInputs = {
      url: 'https://hooks.example/here',
      basicAuthUsername: 'hook',
      basicAuthPassword: 'secret',
      httpHeaders: 'X-Route: one\nX-Other:two',
    };
    const id = await subscribe(twin, 'build.complete', { consumerInputs });
    const build = twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      url: 'https://hooks.example/here',
      headers: {
        authorization: `Basic ${Buffer.from('hook:secret').toString('base64')}`,
        'x-route': 'one',
        'x-other': 'two',
      },
    });
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
      subscriptionId: id,
      notificationId: 1,
      eventType: 'build.complete',
      resource: { id: build.id, result: 'succeeded' },
    });
  });

  test('two subscriptions get the same event id, and count their notifications for themselves', async () => {
    const { twin, received } = createOrganization();
    await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    const events = received.map(({ body }) => JSON.parse(body));
    expect(events.map(({ notificationId }) => notificationId)).toEqual([1, 2, 1]);
    expect(events[1].id).toBe(events[2].id);
    expect(events[0].id).not.toBe(events[1].id);
  });

  test.each([
    ['definitionName', 'ci-artifacts', 1],
    ['definitionName', 'other', 0],
    ['buildStatus', 'Failed', 0],
    ['buildStatus', 'Succeeded', 1],
    ['buildStatus', '', 1],
  ])('the filter %s = "%s" lets %i through', async (name, value, expected) => {
    const { twin, received } = createOrganization();
    await subscribe(twin, 'build.complete', { publisherInputs: { [name]: value } });
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(received).toHaveLength(expected);
  });

  test('a subscription for one project hears nothing of another', async () => {
    const { twin, received } = createOrganization();
    const { id } = twin.addProject('other');
    await subscribe(twin, 'build.complete', { publisherInputs: { projectId: id } });
    twin.publishBuild(smallBuild());
    twin.publishBuild(smallBuild({ project: 'other' }));
    await twin.deliveries.deliverDue();
    expect(received.map(({ body }) => JSON.parse(body).resource.project.name)).toEqual(['other']);
  });

  test('an event shows its resource as it is when it is delivered', async () => {
    const { twin, received } = createOrganization();
    await subscribe(twin, 'build.complete');
    const { id } = twin.publishBuild(smallBuild());
    await ask(twin, 'PUT', `parking/_apis/build/builds/${id}/tags/later`);
    await twin.deliveries.deliverDue();
    expect(JSON.parse(received[0]?.body ?? '').resource.tags).toEqual(['later']);
  });
});

describe('failing deliveries', () => {
  test.each([408, 502, 503, 504])(
    '%i is sent again after 1, 2, 4, … 60 s, and a success ends it',
    async (status) => {
      const organization = createOrganization();
      const { twin, received, answers } = organization;
      const id = await subscribe(twin, 'build.complete');
      twin.publishBuild(smallBuild());
      answers.push(...Array<number>(8).fill(status));
      await runOut(organization);
      const waits = received.map(({ at: time }) => (time - START) / 1000);
      expect(waits).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
      expect(new Set(received.map(({ body }) => body)).size).toBe(1);
      expect(await statusOf(twin, id)).toBe('enabled');
    },
  );

  test('a transient failure that does not end becomes an enduring one after 183 s', async () => {
    const { twin, clock, received, answers } = createOrganization();
    const id = await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    answers.push(...Array<number>(9).fill(503));
    for (let second = 0; second <= 183; second++) {
      clock.time = START + second * 1000;
      await twin.deliveries.deliverDue();
    }
    expect(received).toHaveLength(9);
    expect(await statusOf(twin, id)).toBe('onProbation');
    expect(twin.deliveries.nextDueAt()).toBe(START + 183_000 + 20 * MINUTE);
  });

  test.each([400, 401, 403, 404, 409, 413, 429, 500, 302])(
    '%i puts the subscription on probation',
    async (status) => {
      const { twin, answers } = createOrganization();
      const id = await subscribe(twin, 'build.complete');
      twin.publishBuild(smallBuild());
      answers.push(status);
      await twin.deliveries.deliverDue();
      expect(await statusOf(twin, id)).toBe('onProbation');
    },
  );

  test('a connection that fails puts the subscription on probation', async () => {
    const { twin, answers } = createOrganization();
    const id = await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    answers.push(new Error('connect ECONNREFUSED'));
    await twin.deliveries.deliverDue();
    expect(await statusOf(twin, id)).toBe('onProbation');
  });

  test('events during a probation are lost, and one success ends it', async () => {
    const { twin, clock, received, answers } = createOrganization();
    const id = await subscribe(twin, 'build.complete');
    const first = twin.publishBuild(smallBuild());
    answers.push(500);
    await twin.deliveries.deliverDue();
    twin.publishBuild(smallBuild());
    clock.time += 20 * MINUTE;
    await twin.deliveries.deliverDue();
    const last = twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    const ids = received.map(({ body }) => JSON.parse(body).resource.id);
    expect(ids).toEqual([first.id, first.id, last.id]);
    expect(await statusOf(twin, id)).toBe('enabled');
  });

  test('after seven failures on probation the subscription is disabled', async () => {
    const organization = createOrganization();
    const { twin, received, answers } = organization;
    const id = await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    answers.push(...Array<number>(8).fill(500));
    await runOut(organization);
    const minutes = received.map(({ at: time }) => (time - START) / MINUTE);
    expect(minutes).toEqual([0, 20, 60, 140, 300, 620, 1260, 2160]);
    expect(await statusOf(twin, id)).toBe('disabledBySystem');
    twin.publishBuild(smallBuild());
    await runOut(organization);
    expect(received).toHaveLength(8);
  });

  test('410 disables the subscription at once', async () => {
    const organization = createOrganization();
    const { twin, received, answers } = organization;
    const id = await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    answers.push(410);
    await runOut(organization);
    expect([received.length, await statusOf(twin, id)]).toEqual([1, 'disabledBySystem']);
  });

  test('failed notifications can be asked for with their event, events lost on probation cannot', async () => {
    const { twin, answers } = createOrganization();
    const id = await subscribe(twin, 'build.complete');
    const failed = twin.publishBuild(smallBuild());
    answers.push(404);
    await twin.deliveries.deliverDue();
    twin.publishBuild(smallBuild());
    const { json } = await ask(twin, 'POST', '_apis/hooks/notificationsquery', {
      body: { subscriptionIds: [id], resultType: 'failed', includeDetails: true },
    });
    expect(at(json, 'results.length')).toBe(1);
    expect(at(json, 'results.0.details.event.resource.id')).toBe(failed.id);
    expect(at(json, 'results.0.details.response')).toBe('404');
    expect(at(json, 'summary.0.results.0')).toEqual({ result: 'failed', notificationCount: 1 });
    expect(twin.service.violations()).toEqual([]);
  });

  test('a week later a notification is forgotten', async () => {
    const { twin, clock } = createOrganization();
    const id = await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    const count = async () =>
      at((await ask(twin, 'GET', `_apis/hooks/subscriptions/${id}/notifications`)).json, 'count');
    expect(await count()).toBe(1);
    clock.time += 7 * 24 * 60 * MINUTE + 1;
    expect(await count()).toBe(0);
  });
});

describe('trouble on demand', () => {
  test('a delivery can come twice, with the same ids', async () => {
    const { twin, received } = createOrganization();
    await subscribe(twin, 'build.complete');
    twin.disturb({ copies: 2 });
    twin.publishBuild(smallBuild());
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    const ids = received.map(({ body }) => JSON.parse(body).notificationId);
    expect(ids).toEqual([1, 1, 2]);
  });

  test('a late delivery is overtaken by the next', async () => {
    const organization = createOrganization();
    const { twin, received } = organization;
    await subscribe(twin, 'build.complete');
    twin.disturb({ delayInMs: 5000 });
    twin.publishBuild(smallBuild());
    twin.publishBuild(smallBuild());
    await runOut(organization);
    expect(received.map(({ body }) => JSON.parse(body).notificationId)).toEqual([2, 1]);
  });

  test('an event can get lost before it is a notification', async () => {
    const { twin, received } = createOrganization();
    await subscribe(twin, 'build.complete');
    twin.disturb({ match: 'build.complete', lost: true });
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    expect(received).toEqual([]);
  });

  test('a delivery can be repeated by hand', async () => {
    const { twin, received } = createOrganization();
    const subscriptionId = await subscribe(twin, 'build.complete');
    twin.publishBuild(smallBuild());
    await twin.deliveries.deliverDue();
    twin.redeliver({ subscriptionId, notificationId: 1 });
    await twin.deliveries.deliverDue();
    expect(received[1]?.body).toBe(received[0]?.body);
  });
});
