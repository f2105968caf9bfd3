import type { Ports } from './engine-ports.ts';
import type { RecordMessage } from './messages.ts';
import { readRecordMessage } from './messages.ts';
import { receive } from './receive.ts';

/** Where records go: Application Insights. */
export interface Telemetry {
  /** Resolves when the service has taken the record; rejects when it did not, so that the message comes again. */
  track(record: RecordMessage): Promise<void>;
}

/** A message of the queue `records`. Returning means: settle it. An outage of telemetry never holds a release up. */
export function handleRecordMessage(
  ports: Pick<Ports, 'bus' | 'clock' | 'log'>,
  telemetry: Telemetry,
  body: unknown,
): Promise<void> {
  const record = readRecordMessage(body);
  const message = { ...record, project: record.properties.project ?? '-', run: record.properties.run ?? '-' };
  return receive(ports, { queue: 'records', message }, () => {
    ports.log.info(record.name, { record: record.id, ...record.properties, ...record.measurements });
    return telemetry.track(record);
  });
}
