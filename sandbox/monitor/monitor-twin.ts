import { z } from 'zod';
import { realClock } from '../twin/clock.ts';
import type { ControlRoute } from '../twin/control.ts';
import { type Answer, json, type TwinRequest } from '../twin/exchange.ts';
import type { Problem, Twin, TwinSettings } from '../twin/model.ts';
import { route } from '../twin/route.ts';
import { createTwin } from '../twin/twin.ts';
import { track, trackResponse, trackVersion2 } from './contract.ts';
import { type ItemFault, type TelemetryItem, takeItem } from './items.ts';
import { readItems } from './read-items.ts';

/** Settings of the twin. */
export interface MonitorSettings extends TwinSettings {
  /** The key of the resource; without it every key is taken. */
  instrumentationKey?: string;
}

/** What to look for among the stored items; fields that are left out match everything. */
export interface ItemQuery {
  type?: string;
  name?: string;
  /** Properties that an item must have with these values. */
  properties?: Readonly<Record<string, string>>;
}

/** Ingestion of Application Insights. */
export interface MonitorTwin extends Twin {
  /** The stored items in the order in which they came. */
  items(query?: ItemQuery): TelemetryItem[];
  /** Refuses single items, so that a request is taken in part. */
  addItemFault(fault: ItemFault): void;
}

interface MonitorState {
  items: TelemetryItem[];
  faults: ItemFault[];
}

/** Builds the twin; what it took is read with `items`. */
export function createMonitorTwin(settings: MonitorSettings = {}): MonitorTwin {
  const { instrumentationKey, clock = realClock, ...rest } = settings;
  const state: MonitorState = { items: [], faults: [] };
  const take = (request: TwinRequest) => ingest(state, request, { now: clock.now(), instrumentationKey });
  const parts = partsOf(state);
  const twin = createTwin({
    ...rest,
    clock,
    name: 'monitor',
    state,
    errorBody: trackResponse,
    wordError,
    controls: controlsOf(parts),
    routes: [
      route(track, ({ request }) => take(request)),
      route(trackVersion2, ({ request }) => take(request)),
    ],
  });
  return { ...twin, ...parts };
}

function partsOf(state: MonitorState): Omit<MonitorTwin, keyof Twin> {
  return {
    items: ({ type, name, properties = {} } = {}) =>
      state.items.filter(
        (item) =>
          (type ?? item.type) === item.type &&
          (name ?? item.name) === item.name &&
          Object.entries(properties).every(([key, value]) => item.properties[key] === value),
      ),
    addItemFault: (fault) => void state.faults.push(itemFault.parse(fault)),
  };
}

const itemFault = z.strictObject({
  match: z.string(),
  statusCode: z.int().min(400).max(599),
  message: z.string(),
  times: z.int().min(1).optional(),
});

function controlsOf(parts: Omit<MonitorTwin, keyof Twin>): ControlRoute[] {
  return [
    { method: 'GET', path: '/items', handle: () => parts.items() },
    { method: 'POST', path: '/item-faults', handle: (body) => parts.addItemFault(itemFault.parse(body)) },
  ];
}

interface Received {
  now: number;
  instrumentationKey: string | undefined;
}

/** Stores what can be taken: 200 for all, 206 for a part, 400 for none. */
function ingest(state: MonitorState, request: TwinRequest, received: Received): Answer {
  let sent: unknown[];
  try {
    sent = readItems(request);
  } catch {
    return answer(400, 0, [{ index: 0, statusCode: 400, message: 'The body is not JSON.' }]);
  }
  const errors: { index: number; statusCode: number; message: string }[] = [];
  sent.forEach((json, index) => {
    const taken = takeItem(json, { ...received, faults: state.faults });
    state.faults = state.faults.filter(({ times }) => times !== 0);
    if ('statusCode' in taken) errors.push({ index, ...taken });
    else state.items.push(taken);
  });
  if (errors.length === 0) return answer(200, sent.length, []);
  return answer(errors.length < sent.length ? 206 : 400, sent.length, errors);
}

function answer(
  status: number,
  itemsReceived: number,
  errors: { index: number; statusCode: number; message: string }[],
): Answer {
  return json({ itemsReceived, itemsAccepted: itemsReceived - errors.length, errors }, status);
}

function wordError({ status, why }: Problem): Answer {
  return json(
    { itemsReceived: 0, itemsAccepted: 0, errors: [{ index: 0, statusCode: status, message: why }] },
    status,
  );
}
