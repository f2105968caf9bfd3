import { matchesPattern } from '../twin/pattern.ts';
import { type Envelope, envelope } from './contract.ts';

/** An item as it was stored. `properties` are the custom dimensions, `measurements` the custom measurements. */
export interface TelemetryItem {
  /** What the envelope holds: `EventData`, `MetricData`, `RequestData` and so on. */
  type: string;
  /** Name of the event, the request or the first metric; text of a message. */
  name: string;
  /** ISO 8601 time that the sender gave it. */
  time: string;
  instrumentationKey: string;
  /** Context tags, e.g. `ai.operation.id`, which is the trace. */
  tags: Record<string, string>;
  properties: Record<string, string>;
  measurements: Record<string, number>;
  metrics: { name: string; value: number }[];
  /** All that was sent, for what is not above. */
  data: Record<string, unknown>;
}

/** Items that are refused on demand; `match` is the name of an item, `*` for any text. */
export interface ItemFault {
  match: string;
  statusCode: number;
  message: string;
  /** How many items it hits; without it, every one. */
  times?: number | undefined;
}

/** Why an item was not taken. */
export interface Rejection {
  statusCode: number;
  message: string;
}

const MAX_ITEM_BYTES = 65_536;
const MAX_AGE_IN_MS = 48 * 3_600_000;
const MAX_NAME_LENGTH = 512;
const MAX_KEY_LENGTH = 150;
const MAX_VALUE_LENGTH = 8_192;

/** What an item must be like to be taken. */
export interface Intake {
  now: number;
  /** Only items of this key are taken; any key when it is absent. */
  instrumentationKey?: string | undefined;
  faults: ItemFault[];
}

/** Reads one item of a request: the item as it is stored, or why it is refused. */
export function takeItem(json: unknown, intake: Intake): TelemetryItem | Rejection {
  const read = envelope.safeParse(json);
  if (!read.success) {
    const issue = read.error.issues[0];
    return reject(400, `100: Field '${issue?.path.join('.')}' is invalid: ${issue?.message}`);
  }
  const { iKey, time } = read.data;
  if (intake.instrumentationKey !== undefined && iKey !== intake.instrumentationKey)
    return reject(400, 'Invalid instrumentation key');
  if (Date.parse(time) < intake.now - MAX_AGE_IN_MS)
    return reject(400, "102: Field 'time' on type 'Envelope' is older than the allowed min date.");
  if (Buffer.byteLength(JSON.stringify(json)) > MAX_ITEM_BYTES)
    return reject(413, '109: The item is larger than 64 KB.');
  const item = toItem(read.data);
  const fault = intake.faults.find(({ match }) => matchesPattern(match, { operation: item.name, path: '' }));
  if (!fault) return item;
  if (fault.times !== undefined) fault.times--;
  return reject(fault.statusCode, fault.message);
}

/** Texts that are too long are cut, as ingestion does. */
function toItem({ iKey, time, tags, data }: Envelope): TelemetryItem {
  const { baseType, baseData } = data;
  const { properties = {}, measurements = {}, metrics = [] } = baseData;
  const name = baseData.name ?? metrics[0]?.name ?? baseData.message ?? '';
  return {
    type: baseType,
    name: name.slice(0, MAX_NAME_LENGTH),
    time,
    instrumentationKey: iKey,
    tags,
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [
        key.slice(0, MAX_KEY_LENGTH),
        value.slice(0, MAX_VALUE_LENGTH),
      ]),
    ),
    measurements,
    metrics: metrics.map((metric) => ({ name: metric.name, value: metric.value })),
    data: baseData,
  };
}

function reject(statusCode: number, message: string): Rejection {
  return { statusCode, message };
}
