import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';
import { createDefaultHttpClient } from '@azure/core-rest-pipeline';
import { TelemetryClient } from 'applicationinsights';
import type { RecordMessage } from '../engine/messages.ts';
import type { Telemetry } from '../engine/telemetry.ts';
import { TransientFailure } from '../errors.ts';

const STAGE_COMPLETED = 'deployment_stage_completed';
const METRIC = 'deployment.success';

/**
 * Records through the Application Insights package: one event each, and one metric for each completed stage.
 *
 * The package never says whether its items were taken: `flush` hides every error. So the requests are watched on
 * their way, and what it would keep on the disk of an instance that is about to vanish comes again from the queue.
 */
export function insights(connectionString: string): Telemetry {
  // The package would send figures of its own to Microsoft; it reads these when a client is made.
  process.env.APPLICATION_INSIGHTS_NO_STATSBEAT = 'true';
  process.env.APPLICATIONINSIGHTS_SDKSTATS_DISABLED = 'true';
  const ingestion = watch(createDefaultHttpClient(), connectionString);
  const client = createClient(connectionString, ingestion.httpClient);
  // One record at a time, so that what was taken meanwhile is of this record.
  let last: Promise<void> = Promise.resolve();
  return {
    track(record) {
      const next = last.then(() => send(client, ingestion, record));
      last = next.catch(() => undefined);
      return next;
    },
  };
}

/** With providers of its own: the global ones would collect requests, dependencies and live metrics. */
function createClient(connectionString: string, httpClient: HttpClient): TelemetryClient {
  const client = new TelemetryClient(connectionString, { useGlobalProviders: false });
  const exporter = {
    connectionString,
    disableOfflineStorage: true,
    retryOptions: { maxRetries: 0 },
    httpClient,
  };
  client.config.azureMonitorOpenTelemetryOptions = { azureMonitorExporterOptions: exporter };
  return client;
}

async function send(client: TelemetryClient, ingestion: Ingestion, record: RecordMessage): Promise<void> {
  const { id, name, at, measurements } = record;
  // The package stamps items with the time at which they are sent, which may be much later.
  const properties = { ...record.properties, record_id: id, happened_at: new Date(at).toISOString() };
  const takenBefore = ingestion.taken();
  client.trackEvent({ name, properties, measurements });
  const isStage = name === STAGE_COMPLETED;
  if (isStage)
    client.trackMetric({ name: METRIC, value: record.properties.success === 'true' ? 1 : 0, properties });
  await client.flush();
  const taken = ingestion.taken() - takenBefore;
  if (taken < (isStage ? 2 : 1))
    throw new TransientFailure(`Application Insights did not take the record ${id}: ${ingestion.problem()}`);
}

/** What ingestion said so far. */
interface Ingestion {
  readonly httpClient: HttpClient;
  /** Number of items that were taken. */
  taken(): number;
  /** The last answer that was no success. */
  problem(): string;
}

function watch(inner: HttpClient, connectionString: string): Ingestion {
  let taken = 0;
  let problem = 'no answer';
  const isPlain = /IngestionEndpoint=http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/;]/i.test(connectionString);
  return {
    taken: () => taken,
    problem: () => problem,
    httpClient: {
      async sendRequest(request) {
        const response = await inner
          .sendRequest(isPlain ? asPlain(request) : request)
          .catch((error: unknown) => {
            problem = error instanceof Error ? error.message : String(error);
            throw error;
          });
        taken += itemsIn(response);
        if (response.status !== 200)
          problem = `status ${response.status}: ${response.bodyAsText ?? ''}`.slice(0, 300);
        return response;
      },
    },
  };
}

/** The package makes https of every endpoint; on loopback, http is what was configured. */
function asPlain(request: PipelineRequest): PipelineRequest {
  return { ...request, url: request.url.replace(/^https:/, 'http:'), allowInsecureConnection: true };
}

function itemsIn({ status, bodyAsText }: PipelineResponse): number {
  if (status !== 200 && status !== 206) return 0;
  const items = /"itemsAccepted"\s*:\s*(\d+)/.exec(bodyAsText ?? '')?.[1];
  return items === undefined ? 0 : Number(items);
}
