import type { Answer, TwinRequest } from '../twin/exchange.ts';
import type { Admitted, Problem } from '../twin/model.ts';
import { urlOf } from '../twin/router.ts';
import { errorAnswer } from './refusals.ts';
import type { Throttle } from './throttle.ts';

/** How the service behaves towards every request, whatever it asks for. */
export interface Manners {
  throttle?: Throttle | undefined;
  /** Error bodies begin with a byte order mark. */
  errorsBeginWithMark: boolean;
}

/** Operations that exist as previews only: their api-version must say so. */
const PREVIEW_ONLY = /^(CheckConfigurations|PipelinePermissions)\./;

const SIGN_IN_PAGE =
  '<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>';

/** What happens around every admitted request: throttling, the rule of previews, the byte order mark. */
export async function aroundRequest(
  manners: Manners,
  { request, operation, principal }: Admitted,
  serve: () => Promise<Answer>,
): Promise<Answer> {
  const { retryAfterInSeconds } = manners.throttle?.admit(principal) ?? {};
  if (retryAfterInSeconds !== undefined) {
    const headers = { 'retry-after': String(retryAfterInSeconds) };
    return { ...tooManyRequests(), headers };
  }
  const answer = refusedPreview(request, operation) ?? (await serve());
  return marked(manners, manners.throttle?.mark(principal, answer) ?? answer);
}

/** The service's words for what the kernel refuses. */
export function wordProblem({ kind, status, why }: Problem, request: TwinRequest): Answer {
  switch (kind) {
    case 'unauthenticated':
      return wordBadToken(request);
    case 'throttled':
      return tooManyRequests();
    case 'unknown-operation':
      return errorAnswer(404, 'VssResourceNotFoundException', why);
    case 'bad-request':
      return errorAnswer(400, 'VssPropertyValidationException', why);
    case 'failed':
      return errorAnswer(status, 'VssServiceException', why);
  }
}

/** The content host always says 401 to a bad token. */
export function wordContentProblem(problem: Problem, request: TwinRequest): Answer {
  return problem.kind === 'unauthenticated' ? unauthorized() : wordProblem(problem, request);
}

/** A caller that does not ask for 401 gets a sign-in page with a status that looks like success. */
function wordBadToken({ headers }: TwinRequest): Answer {
  if (headers['x-tfs-fedauthredirect']?.toLowerCase() === 'suppress') return unauthorized();
  return { status: 203, headers: { 'content-type': 'text/html; charset=utf-8' }, text: SIGN_IN_PAGE };
}

function unauthorized(): Answer {
  const message = 'TF400813: The user is not authorized to access this resource.';
  return errorAnswer(401, 'UnauthorizedRequestException', message);
}

function tooManyRequests(): Answer {
  const message = 'TF400733: The request has been canceled: the usage of a resource is over its limit.';
  return errorAnswer(429, 'RequestBlockedException', message);
}

function refusedPreview(request: TwinRequest, operation: string): Answer | undefined {
  const version = urlOf(request).searchParams.get('api-version') ?? '';
  if (!PREVIEW_ONLY.test(operation) || version.includes('-preview')) return undefined;
  const message = `The requested version "${version}" is a preview: the -preview flag must be supplied.`;
  return errorAnswer(400, 'VssInvalidPreviewVersionException', message);
}

function marked({ errorsBeginWithMark }: Manners, answer: Answer): Answer {
  if (!errorsBeginWithMark || answer.status < 400 || answer.json === undefined) return answer;
  const { status, headers } = answer;
  const text = `\uFEFF${JSON.stringify(answer.json)}`;
  return { status, headers: { ...headers, 'content-type': 'application/json; charset=utf-8' }, text };
}
