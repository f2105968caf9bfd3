import { z } from 'zod';
import { parseJson } from './big-json.ts';
import { type Answer, empty, json, type TwinRequest } from './exchange.ts';
import { faultShape } from './faults.ts';
import type { Twin } from './model.ts';
import { limitShape } from './rate-limit.ts';
import { urlOf } from './router.ts';

/** A control route of one twin, below `/_twin/`; it is no part of the service and is not logged. */
export interface ControlRoute {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** Gets the JSON body (`undefined` when there is none); what it returns is sent as JSON. */
  handle(body: unknown): unknown;
}

/** Whether a request is for the control routes rather than for the service. */
export function isControl(request: TwinRequest): boolean {
  return urlOf(request).pathname.startsWith('/_twin');
}

/** Serves the control routes that every twin has, and the twin's own. */
export function handleControl(twin: Twin, own: readonly ControlRoute[], request: TwinRequest): Answer {
  const path = urlOf(request).pathname;
  const found = [...routesOf(twin), ...own].find(
    (route) => route.method === request.method && `/_twin${route.path}` === path,
  );
  if (!found) return json({ message: `no control route ${request.method} ${path}` }, 404);
  try {
    const result = found.handle(bodyOf(request));
    return result === undefined ? empty(204) : json(result);
  } catch (error) {
    return json({ message: error instanceof Error ? error.message : String(error) }, 400);
  }
}

function routesOf(twin: Twin): ControlRoute[] {
  return [
    { method: 'GET', path: '', handle: () => ({ name: twin.name, requests: twin.log.count() }) },
    { method: 'GET', path: '/log', handle: () => twin.log.requests() },
    { method: 'GET', path: '/counts', handle: () => countsOf(twin) },
    { method: 'GET', path: '/violations', handle: () => twin.violations() },
    { method: 'GET', path: '/faults', handle: () => twin.faults.list() },
    { method: 'POST', path: '/faults', handle: (body) => twin.faults.add(faultShape.parse(body)) },
    { method: 'DELETE', path: '/faults', handle: () => twin.faults.clear() },
    { method: 'GET', path: '/limits', handle: () => twin.limits.list() },
    {
      method: 'PUT',
      path: '/limits',
      handle: (body) => twin.limits.replace(z.array(limitShape).parse(body)),
    },
    { method: 'GET', path: '/state', handle: () => parseJson(twin.exportState()) },
    { method: 'PUT', path: '/state', handle: (body) => twin.importState(JSON.stringify(body)) },
    { method: 'POST', path: '/reset', handle: () => twin.reset() },
  ];
}

function countsOf(twin: Twin) {
  return {
    operations: twin.log.counts(),
    inFlight: twin.log.inFlight(),
    peakInFlight: twin.log.peakInFlight(),
  };
}

function bodyOf(request: TwinRequest): unknown {
  const text = Buffer.from(request.body).toString('utf8');
  return text === '' ? undefined : parseJson(text);
}
