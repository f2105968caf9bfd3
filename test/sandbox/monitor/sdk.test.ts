import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createMonitorTwin } from '../../../sandbox/monitor/monitor-twin.ts';
import { createCertificate } from '../../../sandbox/twin/certificate.ts';

const KEY = '00000000-0000-0000-0000-0000000000aa';
const PROGRAM = join(__dirname, 'send-telemetry.js');
const run = promisify(execFile);
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** The package turns http endpoints into https ones, so the twin speaks https and the program trusts its certificate. */
async function build() {
  const monitor = createMonitorTwin({ instrumentationKey: KEY });
  const now = Date.now();
  const certificate = createCertificate({ notBefore: now - 60_000, notAfter: now + 3_600_000 });
  const server = await monitor.listen(0, certificate);
  const folder = mkdtempSync(join(tmpdir(), 'slipway-'));
  writeFileSync(join(folder, 'certificate.pem'), certificate.certificate);
  endings.push(server.close, () => rmSync(folder, { recursive: true }));
  const env = {
    PATH: process.env.PATH,
    NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem'),
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${KEY};IngestionEndpoint=${server.url}/`,
    APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
    APPLICATIONINSIGHTS_SDKSTATS_DISABLED: 'true',
  };
  return { monitor, send: async () => JSON.parse((await run(process.execPath, [PROGRAM], { env })).stdout) };
}

describe('the applicationinsights package', () => {
  test('sends an event and a metric before flush is over, and to nobody else', async () => {
    const { monitor, send } = await build();
    expect(await send()).toEqual(['127.0.0.1']);
    expect(monitor.items({ type: 'EventData', name: 'deployment_stage_completed' })).toMatchObject([
      { properties: { stage: 'dev', success: 'true' }, measurements: { duration_seconds: 12.5 } },
    ]);
    expect(monitor.items({ type: 'MetricData', name: 'deployment.success' })).toMatchObject([
      { metrics: [{ value: 1 }], properties: { stage: 'dev' } },
    ]);
    expect(monitor.violations()).toEqual([]);
  });

  test('tries again when ingestion is busy, within flush', async () => {
    const { monitor, send } = await build();
    monitor.faults.add({ kind: 'status', status: 503, times: 1 });
    await send();
    expect(monitor.items()).toHaveLength(2);
    expect(monitor.log.count('Track')).toBe(3);
  });
});
