import { messageOf, TransientFailure } from '../errors.ts';

/** One call with its retries; below the two minutes that a function may take. */
const LONGEST_CALL_IN_MS = 20_000;

/**
 * Makes one call of Table or Blob Storage.
 * @param what the call, for error texts: `read a row`.
 * @param timeoutInMs for all tries of it, and the waits between them that storage asks for.
 * @throws TransientFailure when storage did not answer in time, was busy, or could not be reached.
 * @throws Error with status and code when storage said no.
 */
export async function callStorage<Answer>(
  what: string,
  call: (signal: AbortSignal) => Promise<Answer>,
  timeoutInMs = LONGEST_CALL_IN_MS,
): Promise<Answer> {
  try {
    return await call(AbortSignal.timeout(timeoutInMs));
  } catch (error) {
    if (!(error instanceof Error) || !isFromStorage(error)) throw error;
    const status = statusOf(error);
    const answer = status === undefined ? messageOf(error) : `${status} ${codeOf(error)}`.trim();
    const text = `storage could not ${what}: ${answer}`;
    throw isTransient(error)
      ? new TransientFailure(text, { cause: error })
      : new Error(text, { cause: error });
  }
}

/** HTTP status of storage's answer, also of an error of `callStorage`; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  const status = fieldOf(answerIn(error), 'statusCode');
  return typeof status === 'number' ? status : undefined;
}

/** Storage's own word for what was wrong, e.g. `EntityAlreadyExists`; empty when it said none. */
export function codeOf(error: unknown): string {
  const answer = answerIn(error);
  const details = fieldOf(answer, 'details');
  const code = fieldOf(fieldOf(details, 'odataError'), 'code') ?? fieldOf(details, 'errorCode');
  if (typeof code === 'string') return code;
  return textOf(fieldOf(answer, 'code'));
}

/** The row or blob is not there, while its table or container is. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && !/^(Table|Container)NotFound$/.test(codeOf(error));
}

/** The SDK's own errors, and those of a connection that broke while content was read. */
function isFromStorage(error: Error): boolean {
  const isOfSdk = ['RestError', 'AbortError', 'TimeoutError'].includes(error.name);
  return isOfSdk || /^E[A-Z]+$/.test(textOf(fieldOf(error, 'code')));
}

/** `RestError` without a status is a lost connection or a torn answer. */
function isTransient(error: Error): boolean {
  const status = statusOf(error);
  if (status === undefined) return true;
  const beingDeleted = /^(Table|Container)BeingDeleted$/.test(codeOf(error));
  return status === 408 || status === 429 || status >= 500 || beingDeleted;
}

/** The error of the SDK, which `callStorage` wraps. */
function answerIn(error: unknown): unknown {
  if (!(error instanceof Error) || isFromStorage(error)) return error;
  return error.cause ?? error;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
