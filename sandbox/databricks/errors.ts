import { type Answer, json, Refusal } from '../twin/exchange.ts';
import type { Problem } from '../twin/model.ts';

/** The codes that this twin answers, with the usual status of each. */
const STATUS = {
  ALREADY_EXISTS: 409,
  BAD_REQUEST: 400,
  CATALOG_ALREADY_EXISTS: 400,
  DIRECTORY_NOT_EMPTY: 400,
  EXTERNAL_LOCATION_ALREADY_EXISTS: 400,
  INVALID_PARAMETER_VALUE: 400,
  INVALID_STATE: 400,
  IO_ERROR: 400,
  MAX_BLOCK_SIZE_EXCEEDED: 400,
  MAX_NOTEBOOK_SIZE_EXCEEDED: 400,
  MAX_READ_SIZE_EXCEEDED: 400,
  NOT_FOUND: 404,
  PERMISSION_DENIED: 403,
  RESOURCE_ALREADY_EXISTS: 400,
  RESOURCE_DOES_NOT_EXIST: 404,
  SCHEMA_ALREADY_EXISTS: 400,
  STORAGE_CREDENTIAL_ALREADY_EXISTS: 400,
  TEMPORARILY_UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** What a refusal may add: another status than the usual one, and a machine-readable reason. */
interface Extras {
  status?: number;
  reason?: string;
}

/** A refusal in the standard error shape; throw it. */
export function refusal(code: ErrorCode, message: string, { status, reason }: Extras = {}): Refusal {
  return new Refusal(errorAnswer(status ?? STATUS[code], code, { message, ...(reason ? { reason } : {}) }));
}

function errorAnswer(
  status: number,
  code: string,
  { message, reason }: { message: string; reason?: string },
): Answer {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'databricks.com' };
  return json({ error_code: code, message, ...(reason ? { details: [info] } : {}) }, status);
}

const PROBLEM_CODES: Record<Problem['kind'], string> = {
  'unknown-operation': 'ENDPOINT_NOT_FOUND',
  'bad-request': 'INVALID_PARAMETER_VALUE',
  unauthenticated: 'UNAUTHENTICATED',
  throttled: 'REQUEST_LIMIT_EXCEEDED',
  failed: 'INTERNAL_ERROR',
};

/** The workspace's own words for what the kernel refuses. */
export function wordError({ kind, status, why }: Problem): Answer {
  const code = status === 503 ? 'TEMPORARILY_UNAVAILABLE' : PROBLEM_CODES[kind];
  return errorAnswer(status, code, { message: why });
}
