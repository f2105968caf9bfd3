import { Refusal, TransientFailure } from '../errors.ts';
import { HttpError } from './http-error.ts';

/** Codes that pass by themselves, whatever status they come with. */
const PASSING =
  /^(InternalServerError|ServiceUnavailable|ServerTimeout|GatewayTimeout|TooManyRequests|AnotherOperationInProgress|DeploymentActive|RetryableError)$/;

interface Leaf {
  readonly code: string;
  readonly message: string;
}

/**
 * An error of ARM in one line. The cause is at the bottom of nested details, and there, once more, as JSON in a
 * text; what is around it only says to look inside.
 * @param error `{ code, message, details }`, or an object with that as `error`.
 */
export function readableError(error: unknown): string {
  const lines = leavesOf(error).map(({ code, message }) =>
    code === '' || message.startsWith(code) ? message : `${code}: ${message}`,
  );
  return [...new Set(lines)].join('; ');
}

function leavesOf(error: unknown): Leaf[] {
  if (typeof error !== 'object' || error === null) return [];
  if ('error' in error) return leavesOf(error.error);
  const details = 'details' in error && Array.isArray(error.details) ? error.details.flatMap(leavesOf) : [];
  if (details.length > 0) return details;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  const inside = leavesOf(parsed(message));
  if (inside.length > 0) return inside;
  return code === '' && message === '' ? [] : [{ code, message: message.replaceAll(/\s+/g, ' ').trim() }];
}

function parsed(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The failure that a caller gets for an error body that came with a success, as of what-if. */
export function failureIn(error: unknown): Refusal | TransientFailure {
  const text = readableError(error);
  const passes = leavesOf(error).some(({ code }) => PASSING.test(code));
  if (passes) return new TransientFailure(`Azure Resource Manager cannot answer now: ${text}`);
  return refusalOf(text);
}

/** Rights that are missing for a resource of the template come with the status of a bad template. */
function refusalOf(text: string): Refusal {
  return MISSING_RIGHT.test(text)
    ? missingRight(text)
    : new Refusal(`Azure Resource Manager refuses: ${text}`);
}

const MISSING_RIGHT = /Authorization failed for template resource/;

function missingRight(text: string): Refusal {
  return new Refusal(
    `Azure Resource Manager does not allow this to Slipway's identity: ${text} Give it the role Contributor on the ` +
      'resource group (for templates with role assignments also Role Based Access Control Administrator), then retry.',
  );
}

/** The failure that a caller gets for an answer which the client does not know what to do with. */
export function failureOf(error: unknown, subscription: string): unknown {
  if (!(error instanceof HttpError)) return error;
  const { status, code, message, body } = error;
  if (code === 'NotJson' || status === 401 || status === 408 || status === 429 || status >= 500)
    return new TransientFailure(`Azure Resource Manager does not answer as it should: ${message}`);
  const text = readableError(parsed(body)) || message;
  if (status === 403) return missingRight(text);
  if (code === 'SubscriptionNotFound')
    return new Refusal(
      `There is no subscription ${subscription}, or Slipway's identity has no role in it: ${text}`,
    );
  if (PASSING.test(code) || status === 412) return new TransientFailure(text);
  return refusalOf(text);
}
