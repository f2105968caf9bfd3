import { type Answer, ConnectionDropped, Refusal, type TwinRequest } from './exchange.ts';
import type { Misfortune } from './faults.ts';
import type { LiveTwin } from './model.ts';
import type { LoggedRequest } from './request-log.ts';
import type { Match, Route } from './route.ts';
import { urlOf } from './router.ts';
import { responseProblems } from './violations.ts';

/** One request on its way through a twin. */
interface Passage {
  twin: LiveTwin;
  request: TwinRequest;
  found: { route: Route; match: Match } | undefined;
  entry: LoggedRequest;
}

/**
 * Serves one request: log, faults that strike before, token, limits, contract, effect, faults that strike after.
 * Throws `ConnectionDropped` when a fault cuts the connection.
 */
export async function handleRequest(twin: LiveTwin, request: TwinRequest): Promise<Answer> {
  const found = twin.router.find(request);
  const operation = found?.route.operation.name ?? 'unknown';
  const path = urlOf(request).pathname;
  const entry = twin.log.start({ operation, method: request.method, path });
  let status: number | 'dropped' = 'dropped';
  try {
    const answer = await withFaults({ twin, request, found, entry }, twin.faults.next({ operation, path }));
    status = answer.status;
    return { ...answer, headers: { ...twin.headersOf(entry), ...answer.headers } };
  } finally {
    twin.log.end(entry, status);
  }
}

async function withFaults(passage: Passage, { latencyInMs, fault }: Misfortune): Promise<Answer> {
  const { twin, entry } = passage;
  if (!fault) return admitted(passage, latencyInMs);
  entry.fault = fault.kind;
  if ('when' in fault && fault.when === 'after') await admitted(passage, latencyInMs);
  else if (latencyInMs > 0) await twin.clock.sleep(latencyInMs);
  switch (fault.kind) {
    case 'drop':
      throw new ConnectionDropped();
    case 'html':
      return { status: 203, headers: { 'content-type': 'text/html; charset=utf-8' }, text: SIGN_IN_PAGE };
    case 'login-redirect':
      return { status: 302, headers: { location: fault.location } };
    case 'status':
      return failure(passage, fault);
  }
}

const SIGN_IN_PAGE =
  '<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body></body></html>';

function failure(
  { twin, request }: Passage,
  fault: { status: number; message?: string | undefined; retryAfterInSeconds?: number | undefined },
): Answer {
  const kind = fault.status === 429 ? 'throttled' : 'failed';
  const problem = { kind, status: fault.status, why: fault.message ?? 'fault on demand' } as const;
  const answer = twin.wordError(problem, request);
  return fault.retryAfterInSeconds === undefined ? answer : retryAfter(answer, fault.retryAfterInSeconds);
}

function retryAfter(answer: Answer, seconds: number): Answer {
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}

/** Latency counts as time in flight, so that limits on requests in flight can be reached. */
async function admitted(passage: Passage, latencyInMs: number): Promise<Answer> {
  const { twin, request, found, entry } = passage;
  const verdict = found?.route.operation.anonymous
    ? { ok: true as const, principal: 'anonymous' }
    : await twin.authenticate(request);
  if (!verdict.ok) return twin.wordError({ kind: 'unauthenticated', status: 401, why: verdict.why }, request);
  const admission = twin.limits.admit(entry);
  if (!admission.ok) {
    const throttled = twin.wordError({ kind: 'throttled', status: 429, why: 'too many requests' }, request);
    return retryAfter(throttled, admission.retryAfterInSeconds);
  }
  try {
    if (latencyInMs > 0) await twin.clock.sleep(latencyInMs);
    const { operation } = entry;
    return await twin.around({ request, operation, principal: verdict.principal }, () =>
      checkedEffect(passage, verdict.principal),
    );
  } finally {
    admission.release();
  }
}

async function checkedEffect(passage: Passage, principal: string): Promise<Answer> {
  const { twin, request, found } = passage;
  const violated = (what: string) =>
    twin.violate({
      method: request.method,
      path: passage.entry.path,
      operation: passage.entry.operation,
      what,
    });
  if (!found) {
    violated('request: unknown operation');
    return twin.wordError(
      { kind: 'unknown-operation', status: 404, why: `no API at ${passage.entry.path}` },
      request,
    );
  }
  const reading = await found.route.read(found.match);
  for (const field of reading.undeclared) violated(`request: field ${field} is not declared`);
  if (!reading.ok) {
    for (const why of reading.wrong) violated(`request: ${why}`);
    return twin.wordError({ kind: 'bad-request', status: 400, why: reading.wrong.join('; ') }, request);
  }
  const answer = await effect(() => reading.serve(principal), passage, violated);
  for (const what of responseProblems(found.route.operation, answer, twin.errorBody)) violated(what);
  return answer;
}

/** A route that throws anything but a refusal is a mistake in the twin. */
async function effect(
  serve: () => Answer | Promise<Answer>,
  { twin, request }: Passage,
  violated: (what: string) => void,
): Promise<Answer> {
  try {
    return await serve();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    violated(`twin: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return twin.wordError({ kind: 'failed', status: 500, why: 'the twin failed' }, request);
  }
}
