import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { createMonitorTwin, type MonitorSettings } from '../../../sandbox/monitor/monitor-twin.ts';

const KEY = '00000000-0000-0000-0000-0000000000aa';
const NOW = 1_700_000_000_000;

function event(name: string, parts: object = {}, baseData: object = {}) {
  return {
    name: 'Microsoft.ApplicationInsights.Event',
    time: new Date(NOW).toISOString(),
    iKey: KEY,
    tags: { 'ai.operation.id': 'trace-1' },
    data: { baseType: 'EventData', baseData: { ver: 2, name, ...baseData } },
    ...parts,
  };
}

function build(settings: MonitorSettings = {}) {
  const clock = { now: () => NOW, sleep: async () => {} };
  const monitor = createMonitorTwin({ clock, ...settings });
  const send = async (
    body: string | Uint8Array,
    headers: Record<string, string> = {},
    path = '/v2.1/track',
  ) => {
    const response = await monitor.handle({ method: 'POST', url: path, headers, body: Buffer.from(body) });
    return { ...response, body: JSON.parse(Buffer.from(response.body).toString()) };
  };
  return { monitor, send, track: (...items: object[]) => send(JSON.stringify(items)) };
}

describe('items that are sent', () => {
  test('are stored with their properties, measurements and trace', async () => {
    const { monitor, track } = build();
    const details = {
      properties: { stage: 'dev', success: 'true' },
      measurements: { duration_seconds: 12.5 },
    };
    const { status, body } = await track(event('deployment_stage_completed', {}, details));
    expect([status, body]).toEqual([200, { itemsReceived: 1, itemsAccepted: 1, errors: [] }]);
    expect(monitor.items({ type: 'EventData', name: 'deployment_stage_completed' })).toMatchObject([
      { ...details, time: '2023-11-14T22:13:20.000Z', tags: { 'ai.operation.id': 'trace-1' } },
    ]);
    expect(monitor.violations()).toEqual([]);
  });

  test('may come as a JSON array or on lines, compressed or not, at either path', async () => {
    const { monitor, send } = build();
    const two = [event('a'), event('b')];
    const lines = two.map((item) => JSON.stringify(item)).join('\n');
    for (const text of [JSON.stringify(two), `${lines}\n`]) {
      expect((await send(text)).body.itemsAccepted).toBe(2);
      expect((await send(gzipSync(text), { 'content-encoding': 'gzip' })).body.itemsAccepted).toBe(2);
      expect((await send(text, {}, '/v2/track')).body.itemsAccepted).toBe(2);
    }
    expect(monitor.items({ name: 'a' })).toHaveLength(6);
    expect(monitor.violations()).toEqual([]);
  });

  test('a metric is found by its name', async () => {
    const { monitor, track } = build();
    const data = {
      baseType: 'MetricData',
      baseData: { metrics: [{ name: 'deployment.success', value: 1, count: 3 }] },
    };
    await track({ ...event('x'), data });
    expect(monitor.items({ name: 'deployment.success' })).toMatchObject([
      { type: 'MetricData', metrics: [{ name: 'deployment.success', value: 1 }] },
    ]);
  });

  test('can be looked for by their properties', async () => {
    const { monitor, track } = build();
    await track(event('a', {}, { properties: { run: '1' } }), event('a', {}, { properties: { run: '2' } }));
    expect(monitor.items({ name: 'a', properties: { run: '2' } })).toHaveLength(1);
    expect(monitor.items({ properties: { run: '3' } })).toEqual([]);
  });

  test('texts that are too long are cut', async () => {
    const { monitor, track } = build();
    await track(
      event('n'.repeat(600), {}, { properties: { long: 'v'.repeat(9_000), ['k'.repeat(200)]: '' } }),
    );
    const [item] = monitor.items();
    expect(item?.name).toHaveLength(512);
    expect(item?.properties.long).toHaveLength(8_192);
    expect(Object.keys(item?.properties ?? {})[1]).toHaveLength(150);
  });
});

describe('items that are refused', () => {
  const old = event('old', { time: new Date(NOW - 49 * 3_600_000).toISOString() });
  const bad = event('bad', {}, { properties: { number: 7 } });
  const unknown = { ...event('x'), data: { baseType: 'OtherData', baseData: {} } };
  const big = event('big', {}, { properties: { a: 'x'.repeat(70_000) } });

  test.each([
    ['an old one', old, 400, '102:'],
    ['a property that is no text', bad, 400, 'data.baseData.properties.number'],
    ['an unknown type', unknown, 400, 'data.baseType'],
    ['a big one', big, 413, '64 KB'],
  ])('%s is named by its index while the others are stored', async (_what, item, statusCode, message) => {
    const { monitor, track } = build();
    const { status, body } = await track(event('good'), item);
    expect(status).toBe(206);
    expect(body).toMatchObject({ itemsReceived: 2, itemsAccepted: 1, errors: [{ index: 1, statusCode }] });
    expect(body.errors[0].message).toContain(message);
    expect(monitor.items().map(({ name }) => name)).toEqual(['good']);
    expect(monitor.violations()).toEqual([]);
  });

  test('a request of which nothing is taken is refused', async () => {
    const { monitor, track, send } = build();
    expect((await track(old)).status).toBe(400);
    expect((await send('{ not json')).status).toBe(400);
    expect(monitor.items()).toEqual([]);
    expect(monitor.violations()).toEqual([]);
  });

  test('another instrumentation key is refused where one is set', async () => {
    const { track } = build({ instrumentationKey: 'other' });
    const { status, body } = await track(event('a'));
    expect([status, body.errors[0].message]).toEqual([400, 'Invalid instrumentation key']);
  });

  test('single items are refused on demand', async () => {
    const { monitor, track } = build();
    monitor.addItemFault({ match: 'b', statusCode: 503, message: 'busy', times: 1 });
    expect((await track(event('a'), event('b'))).body.errors).toEqual([
      { index: 1, statusCode: 503, message: 'busy' },
    ]);
    expect((await track(event('a'), event('b'))).status).toBe(200);
  });
});

test.each([402, 429, 439, 503])(
  'a whole request is answered %i on demand, and nothing is stored',
  async (status) => {
    const { monitor, track } = build();
    monitor.faults.add({ kind: 'status', status, retryAfterInSeconds: 7, times: 1 });
    const refused = await track(event('a'));
    expect([refused.status, refused.headers['retry-after'], refused.body.itemsAccepted]).toEqual([
      status,
      '7',
      0,
    ]);
    expect(monitor.items()).toEqual([]);
  },
);

test('the items survive export and import, and reset forgets them', async () => {
  const { monitor, track } = build();
  await track(event('a'));
  const other = build().monitor;
  other.importState(monitor.exportState());
  expect(other.items({ name: 'a' })).toHaveLength(1);
  monitor.reset();
  expect(monitor.items()).toEqual([]);
});
