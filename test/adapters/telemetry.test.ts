import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MonitorTwin } from '../../sandbox/monitor/monitor-twin.ts';
import { createMonitorTwin } from '../../sandbox/monitor/monitor-twin.ts';
import type { Listening } from '../../sandbox/twin/serve.ts';
import { telemetryOf } from '../../shared/adapters/telemetry.ts';
import type { RecordMessage } from '../../shared/engine/messages.ts';
import type { LogFields, Outgoing } from '../../shared/engine/ports.ts';
import type { Telemetry } from '../../shared/engine/telemetry.ts';
import { handleRecordMessage } from '../../shared/engine/telemetry.ts';

const KEY = '00000000-0000-0000-0000-0000000000aa';
const AT = Date.UTC(2026, 10, 23, 9, 0, 0);
const RECORD: RecordMessage = {
  schema: 1,
  id: 'parking/release-1/dev/0',
  name: 'deployment_stage_completed',
  at: AT,
  properties: { stage: 'dev', success: 'true', environment: 'dev', project: 'parking', run: 'release-1' },
  measurements: { duration_seconds: 12.5, changes: 3 },
  traceparent: '',
  putOff: 0,
};

let monitor: MonitorTwin;
let server: Listening;
let telemetry: Telemetry;

beforeAll(async () => {
  monitor = createMonitorTwin({ instrumentationKey: KEY });
  server = await monitor.listen();
  telemetry = telemetryOf(`InstrumentationKey=${KEY};IngestionEndpoint=${server.url}/`);
});
afterAll(() => server.close());
afterEach(() => {
  expect(monitor.violations()).toEqual([]);
  monitor.faults.clear();
  monitor.reset();
});

describe('a record that the real package sends', () => {
  test('of a completed stage is one event and one metric', async () => {
    await telemetry.track(RECORD);
    expect(monitor.items()).toHaveLength(2);
    const properties = {
      ...RECORD.properties,
      record_id: RECORD.id,
      happened_at: '2026-11-23T09:00:00.000Z',
    };
    expect(monitor.items({ type: 'EventData' })).toMatchObject([
      { name: 'deployment_stage_completed', properties, measurements: RECORD.measurements },
    ]);
    expect(monitor.items({ type: 'MetricData' })).toMatchObject([
      { name: 'deployment.success', metrics: [{ name: 'deployment.success', value: 1 }], properties },
    ]);
  });

  test('of a failed stage has the metric 0', async () => {
    await telemetry.track({ ...RECORD, properties: { ...RECORD.properties, success: 'false' } });
    expect(monitor.items({ type: 'MetricData' })).toMatchObject([{ metrics: [{ value: 0 }] }]);
  });

  test('of anything else is an event alone', async () => {
    await telemetry.track({ ...RECORD, name: 'run_completed' });
    expect(monitor.items()).toMatchObject([{ type: 'EventData', name: 'run_completed' }]);
  });

  test('and comes twice has the same record id twice', async () => {
    await telemetry.track(RECORD);
    await telemetry.track(RECORD);
    const ids = monitor.items().map(({ properties }) => properties.record_id);
    expect(ids).toEqual(Array.from({ length: 4 }, () => RECORD.id));
  });

  test('of many stages at once are that many, each with its own metric', async () => {
    const records = ['a', 'b', 'c', 'd'].map((id) => ({ ...RECORD, id }));
    await Promise.all(records.map((record) => telemetry.track(record)));
    for (const type of ['EventData', 'MetricData']) {
      const ids = monitor.items({ type }).map(({ properties }) => properties.record_id);
      expect(ids).toEqual(['a', 'b', 'c', 'd']);
    }
  });
});

describe('a record that is not taken', () => {
  test.each([402, 429, 500, 503])('is said to be so when ingestion answers %i', async (status) => {
    monitor.faults.add({ kind: 'status', status });
    await expect(telemetry.track(RECORD)).rejects.toMatchObject({
      name: 'TransientFailure',
      message: expect.stringContaining(`status ${status}`),
    });
    expect(monitor.items()).toEqual([]);
  });

  test('is said to be so when the connection is cut', async () => {
    monitor.faults.add({ kind: 'drop' });
    await expect(telemetry.track(RECORD)).rejects.toMatchObject({ name: 'TransientFailure' });
  });

  test('is said to be so when ingestion takes a part', async () => {
    monitor.addItemFault({ match: 'deployment.success', statusCode: 503, message: 'busy', times: 1 });
    await expect(telemetry.track(RECORD)).rejects.toMatchObject({ name: 'TransientFailure' });
    expect(monitor.items()).toHaveLength(1);
  });

  test('is not sent a second time behind our back, and does not spoil the next one', async () => {
    monitor.faults.add({ kind: 'status', status: 503, times: 2 });
    await expect(telemetry.track(RECORD)).rejects.toMatchObject({ name: 'TransientFailure' });
    await telemetry.track({ ...RECORD, id: 'next' });
    expect(monitor.items().map(({ properties }) => properties.record_id)).toEqual(['next', 'next']);
  });
});

describe('a message of the queue', () => {
  const work = async (to: Telemetry, body: unknown) => {
    const sent: Outgoing[] = [];
    const lines: { readonly text: string; readonly fields: LogFields }[] = [];
    const write = (text: string, fields: LogFields) => void lines.push({ text, fields });
    const ports = {
      log: { info: write, warn: write, error: write },
      clock: { now: () => AT, sleep: () => Promise.resolve() },
      bus: { send: async (_queue: string, all: readonly Outgoing[]) => void sent.push(...all) },
    };
    await handleRecordMessage(ports, to, body);
    return { sent, lines };
  };

  test('is settled when its record was taken', async () => {
    const { sent, lines } = await work(telemetry, JSON.stringify(RECORD));
    expect(sent).toEqual([]);
    expect(lines).toMatchObject([
      { text: RECORD.name, fields: { record: RECORD.id, stage: 'dev', duration_seconds: 12.5 } },
    ]);
    expect(monitor.items()).toHaveLength(2);
  });

  test('comes again later, with the same record id, when it was not', async () => {
    monitor.faults.add({ kind: 'status', status: 503, times: 2 });
    const { sent } = await work(telemetry, RECORD);
    expect(sent).toMatchObject([{ notBefore: AT + 5_000 }]);
    await work(telemetry, JSON.parse(sent[0]?.body ?? ''));
    expect(monitor.items({ type: 'EventData' })).toMatchObject([{ properties: { record_id: RECORD.id } }]);
  });

  test('is logged and settled where there is no Application Insights', async () => {
    const { sent, lines } = await work(telemetryOf(null), RECORD);
    expect([sent.length, lines.length]).toEqual([0, 1]);
    expect(monitor.log.count()).toBe(0);
  });

  test('that is unreadable goes to the dead letters', async () => {
    await expect(work(telemetry, { schema: 1 })).rejects.toMatchObject({ name: 'UnreadableInput' });
  });
});
