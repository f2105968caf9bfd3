import type { z } from 'zod';
import { createChance } from './chance.ts';
import { type Clock, realClock } from './clock.ts';
import { type ControlRoute, handleControl, isControl } from './control.ts';
import { type Answer, type TwinRequest, toResponse } from './exchange.ts';
import { createFaults } from './faults.ts';
import { handleRequest } from './handle-request.ts';
import type { Admitted, LiveTwin, Problem, Twin, TwinSettings, Verdict } from './model.ts';
import { createRateLimits, type RateLimits } from './rate-limit.ts';
import { createRequestLog, type LoggedRequest } from './request-log.ts';
import type { Route } from './route.ts';
import { createRouter } from './router.ts';
import { serve } from './serve.ts';
import { decodeState, encodeState } from './state-json.ts';
import type { Violation } from './violations.ts';

/** What makes a twin the twin of one service. */
export interface TwinDescription<State extends object> extends TwinSettings {
  name: string;
  routes: readonly Route[];
  /** All that the twin remembers; routes read it through this object, since import and reset replace its properties. */
  state: State;
  /** The service's own error for something that the kernel refuses. */
  wordError(problem: Problem, request: TwinRequest): Answer;
  /** What the service does around every admitted request, e.g. rate headers; the contract is checked inside. */
  around?(admitted: Admitted, serve: () => Promise<Answer>): Promise<Answer>;
  /** Shape of every error body of the service. */
  errorBody: z.ZodType;
  /** Headers that every answer carries, refusals included; the answer's own win. */
  headersOf?(request: LoggedRequest, limits: RateLimits): Record<string, string>;
  controls?: readonly ControlRoute[];
  /** Whether the service ignores the case of paths (default false). */
  ignorePathCase?: boolean;
}

/** Builds a twin; nothing is shared between two twins. */
export function createTwin<State extends object>(description: TwinDescription<State>): Twin {
  const { state, controls = [], checked = true, clock = realClock } = description;
  const initialState = encodeState(state);
  const found: Violation[] = [];
  const importState = (text: string) => void Object.assign(state, decodeState(text));
  const handle = async (request: TwinRequest) => {
    if (isControl(request)) return toResponse(handleControl(twin, controls, request));
    const response = toResponse(await handleRequest(twin, request));
    return request.method === 'HEAD' ? { ...response, body: new Uint8Array() } : response;
  };
  const twin: LiveTwin = {
    ...partsOf(description, clock),
    violate: (violation) => void (checked && found.push(violation)),
    violations: () => found,
    handle,
    listen: (port, certificate) =>
      serve(handle, { ...(port !== undefined && { port }), ...(certificate && { certificate }) }),
    exportState: () => encodeState(state),
    importState,
    reset: () => {
      importState(initialState);
      twin.log.clear();
      twin.faults.clear();
      twin.limits.replace(twin.limits.list());
      found.length = 0;
    },
  };
  return twin;
}

function partsOf<State extends object>(description: TwinDescription<State>, clock: Clock) {
  const { name, errorBody, wordError, routes, ignorePathCase = false } = description;
  const limits = createRateLimits(description.limits ?? [], clock.now);
  return {
    name,
    clock,
    errorBody,
    wordError,
    around: description.around ?? ((_admitted: Admitted, serve: () => Promise<Answer>) => serve()),
    router: createRouter(routes, { ignorePathCase }),
    log: createRequestLog(clock.now),
    faults: createFaults(description.chance ?? createChance()),
    limits,
    headersOf: (request: LoggedRequest) => description.headersOf?.(request, limits) ?? {},
    authenticate: async (request: TwinRequest) => authenticate(description, request),
  };
}

async function authenticate({ acceptsToken }: TwinSettings, request: TwinRequest): Promise<Verdict> {
  if (!acceptsToken) return { ok: true, principal: 'twin-user' };
  return acceptsToken(/^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1], request);
}
