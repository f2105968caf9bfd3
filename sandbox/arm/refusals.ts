import { type Answer, json } from '../twin/exchange.ts';
import type { Admitted, Problem } from '../twin/model.ts';
import { actionOf } from './permissions.ts';

/** Versions of the API that are served. */
const VERSIONS = ['2024-03-01', '2024-07-01', '2024-11-01', '2025-03-01', '2025-04-01', '2026-06-01'];

/** Whether a principal may do something at a scope. */
export type Permits = (principal: string, action: string, scope: string) => boolean;

/** What is refused before an operation is looked at: a version, or something that the principal may not do. */
export function refusalOf({ request, operation, principal }: Admitted, permits: Permits): Answer | undefined {
  const url = new URL(request.url, 'http://twin.invalid');
  const version = url.searchParams.get('api-version');
  if (version === null)
    return error(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  if (!VERSIONS.includes(version))
    return error(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. The supported versions are '${VERSIONS.join(',')}'.`,
    );
  const action = actionOf(operation);
  if (permits(principal, action, url.pathname)) return undefined;
  return error(
    403,
    'AuthorizationFailed',
    `The client '${principal}' does not have authorization to perform action '${action}' over scope '${url.pathname}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

/** Errors of ARM for what the kernel refuses. */
export function wordError({ kind, status, why }: Problem): Answer {
  switch (kind) {
    case 'unauthenticated':
      return {
        ...error(
          401,
          why.includes('expired') ? 'ExpiredAuthenticationToken' : 'InvalidAuthenticationToken',
          why,
        ),
        headers: {
          'www-authenticate':
            'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token"',
        },
      };
    case 'throttled':
      return error(status, 'TooManyRequests', why);
    case 'unknown-operation':
      return error(404, 'InvalidResourceType', why);
    case 'bad-request':
      return error(
        400,
        'InvalidRequestContent',
        `The request content was invalid and could not be deserialized: '${why}'.`,
      );
    case 'failed':
      return error(status, status === 503 ? 'ServiceUnavailable' : 'InternalServerError', why);
  }
}

function error(status: number, code: string, message: string): Answer {
  return json({ error: { code, message } }, status);
}
