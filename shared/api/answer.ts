import { messageOf, NewerSchema, Refusal, TransientFailure, UnreadableRequest } from '../errors.ts';

/** An HTTP answer with a JSON body. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly jsonBody: unknown;
}

/** An error as RFC 9457 has it: `detail` says the cause and the next step. */
export function problem(status: number, title: string, detail: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    jsonBody: { type: 'about:blank', status, title, detail },
  };
}

/** Where a handler's own trouble is noted: the invocation. */
export interface AnswerLog {
  error(line: string): void;
}

/**
 * Runs a handler and turns what it throws into a problem. What is no fault of the request is logged, too: whoever
 * gets the answer may not be the one who can mend it.
 */
export async function answer(log: AnswerLog, handler: () => Promise<Answer>): Promise<Answer> {
  try {
    return await handler();
  } catch (error) {
    const detail = messageOf(error);
    if (error instanceof UnreadableRequest) return problem(400, 'The request cannot be read', detail);
    if (error instanceof Refusal) return problem(409, 'The request is refused', detail);
    const own = ownTrouble(error, detail);
    log.error(`answered ${own.status}: ${detail}`);
    return own;
  }
}

function ownTrouble(error: unknown, detail: string): Answer {
  if (error instanceof TransientFailure)
    return problem(503, 'Something Slipway needs does not answer', `${detail}. Try again.`);
  if (error instanceof NewerSchema) return problem(503, 'The state is of a newer version of Slipway', detail);
  return problem(500, 'Slipway failed', detail);
}

export function notFound(what: string): Answer {
  return problem(404, 'There is no such thing', `There is no ${what}.`);
}

/** @param names of the environments that there are; a project without any is not registered. */
export function noSuchEnvironment(project: string, names: readonly string[], wanted: string): Answer {
  if (names.length === 0) return notFound(`project ${project}`);
  const detail = `Project ${project} has no environment "${wanted}". It has: ${names.join(', ')}.`;
  return problem(404, 'There is no such environment', detail);
}
