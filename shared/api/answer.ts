import { messageOf, NewerSchema, Refusal, TransientFailure, UnreadableInput } from '../errors.ts';

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

/** Runs a handler and turns what it throws into a problem. */
export async function answer(handler: () => Promise<Answer>): Promise<Answer> {
  try {
    return await handler();
  } catch (error) {
    const detail = messageOf(error);
    if (error instanceof UnreadableInput) return problem(400, 'The request cannot be read', detail);
    if (error instanceof Refusal) return problem(409, 'The request is refused', detail);
    if (error instanceof TransientFailure)
      return problem(503, 'Something Slipway needs does not answer', `${detail}. Try again.`);
    if (error instanceof NewerSchema)
      return problem(503, 'The state is of a newer version of Slipway', detail);
    return problem(500, 'Slipway failed', detail);
  }
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
