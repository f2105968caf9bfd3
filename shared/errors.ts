/** The answer to a request or a step is no, and would be no again: a failing test, a bad template. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Something outside did not work this time; another try may. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
}

/** Input that does not have the form it must have: a message, a payload, a file. The message names cause and place. */
export class UnreadableInput extends Error {
  override readonly name = 'UnreadableInput';
}

/** A stored row was written by a newer version of Slipway than this one. Nothing is overwritten. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';
}

/** What was caught, in one line. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors.at(-1));
  return error instanceof Error ? `${error.message}` : String(error);
}
