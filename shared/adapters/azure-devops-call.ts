import type * as z from 'zod';
import type { Clock } from '../engine/ports.ts';
import { Refusal, TransientFailure } from '../errors.ts';
import type { Http, HttpRequest, HttpResponse } from './http.ts';
import { HttpError } from './http-error.ts';

/** Asks one organisation of Azure DevOps. */
export interface AzureDevOpsCall {
  /** Any answer but 404; null for that. */
  send(request: HttpRequest): Promise<HttpResponse | null>;
  /** The answer in the shape that it must have; null for 404. */
  read<Shape extends z.ZodType>(shape: Shape, request: HttpRequest): Promise<z.infer<Shape> | null>;
}

/** The newest version that is not a preview. */
const API_VERSION = '7.1';
const LONGEST_PAUSE_IN_MS = 30_000;

/** Makes the one way in which the parts of the client ask their organisation. */
export function createAzureDevOpsCall(
  http: Http,
  { organization, clock }: { readonly organization: string; readonly clock: Clock },
): AzureDevOpsCall {
  let quietUntil = 0;
  const send = async (request: HttpRequest): Promise<HttpResponse | null> => {
    if (quietUntil > clock.now()) await clock.sleep(quietUntil - clock.now(), request.signal);
    const query = { 'api-version': API_VERSION, ...request.query };
    try {
      const response = await http.send({ ...request, query });
      if (isSignInPage(response)) throw signedOut(organization);
      quietUntil = Math.max(quietUntil, clock.now() + pauseIn(response));
      return response;
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return null;
      throw failureOf(error, organization);
    }
  };
  const read = async <Shape extends z.ZodType>(shape: Shape, request: HttpRequest) => {
    const response = await send(request);
    if (response === null) return null;
    const parsed = shape.safeParse(jsonOf(response, organization));
    if (parsed.success) return parsed.data;
    const [problem] = parsed.error.issues;
    throw new TransientFailure(
      `Azure DevOps answers in an unknown form to ${request.path}: ${problem?.path.join('.')} ${problem?.message}`,
    );
  };
  return { send, read };
}

/** Azure DevOps slows callers down before it refuses them: a success then says how long to wait. */
function pauseIn({ headers }: HttpResponse): number {
  const seconds = Number(headers['retry-after'] ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, LONGEST_PAUSE_IN_MS) : 0;
}

/** A caller that it does not know may get a page, with a status that looks like success. */
function isSignInPage({ status, headers }: HttpResponse): boolean {
  return status === 203 || (headers['content-type'] ?? '').startsWith('text/html');
}

function jsonOf(response: HttpResponse, organization: string): unknown {
  try {
    return response.json();
  } catch (error) {
    throw failureOf(error, organization);
  }
}

function failureOf(error: unknown, organization: string): unknown {
  if (!(error instanceof HttpError)) return error;
  const { status, code, message } = error;
  const isRedirect = status >= 300 && status < 400;
  if (status === 401 || code === 'NotJson' || isRedirect) return signedOut(organization);
  if (status === 403)
    return new Refusal(
      `Azure DevOps does not allow this to Slipway's identity: ${message}. Grant it, then retry.`,
    );
  if (status >= 500 || status === 429 || status === 408) return new TransientFailure(message);
  return new Refusal(`Azure DevOps refuses: ${message}`, { cause: error });
}

function signedOut(organization: string): TransientFailure {
  return new TransientFailure(
    `The organisation ${organization} of Azure DevOps does not accept Slipway's identity. Add its managed identity ` +
      'to the users of the organisation, and see that organisation and service are of one directory.',
  );
}
