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

/** The same of a request over HTTP: whoever sent it can put it right. */
export class UnreadableRequest extends Error {
  override readonly name = 'UnreadableRequest';
}

/** A stored row was written by a newer version of Slipway than this one. Nothing is overwritten. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';
}

/** What was caught, in one line, without secrets. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors.at(-1));
  return redact(error instanceof Error ? error.message : String(error));
}

/** Shapes of secrets that services are known to repeat in their error texts. */
const SECRETS: readonly RegExp[] = [
  /dapi[0-9a-f]{32}(-\d+)?/gi,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g,
  /(?<=(?:AccountKey|SharedAccessKey|SharedAccessSignature|sig|client_secret|password|pwd)=)[^;&\s"']+/gi,
  /(?<=\b(?:Bearer|Basic)\s)[\w.~+/=-]{8,}/gi,
];

/** Takes out what looks like a token, a key or a password. Every text that is stored, sent or logged goes through it. */
export function redact(text: string): string {
  return SECRETS.reduce((cleaned, secret) => cleaned.replace(secret, '***'), text);
}
