import { Refusal, TransientFailure } from '../errors.ts';
import { HttpError } from './http-error.ts';

/** Texts of errors that Databricks' own SDKs take as passing, whatever status they come with. */
const PASSING =
  /UnknownWorkerEnvironmentException|worker environment|ClusterNotReadyException|Please try again later|RPC token bucket limit/i;

/** Whether the answer says that there is no such thing. Some services say so with 400 and a text alone. */
export function isMissing({ status, code, message }: HttpError): boolean {
  if (status === 404) return true;
  return status === 400 && code === 'INVALID_PARAMETER_VALUE' && /(does not|doesn't) exist/i.test(message);
}

/**
 * Whether the answer says that the thing itself does not exist, by its id. What a request names beside it, a cluster or
 * a policy, comes with the same status and code.
 */
export function isMissingItself(error: HttpError, id: string): boolean {
  return isMissing(error) && error.message.includes(id);
}

/** What does not exist is null for most callers. */
export function nullIfMissing(error: HttpError): null | undefined {
  return isMissing(error) ? null : undefined;
}

/** Whether the answer says that the thing is there already: 400 or 409, with one of several codes or a text alone. */
export function isExisting({ status, code, message }: HttpError): boolean {
  if (status !== 400 && status !== 409) return false;
  return code.endsWith('ALREADY_EXISTS') || (code === '' && /already exists/i.test(message));
}

/** The failure that a caller gets for an answer which the client does not know what to do with. */
export function failureOf(error: unknown, workspaceUrl: string): unknown {
  if (error instanceof TransientFailure && error.message.includes(': no answer ('))
    return silence(error, workspaceUrl);
  if (!(error instanceof HttpError)) return error;
  const { status, code, message } = error;
  if (code === 'NotJson' || (status >= 300 && status < 400)) return signInPage(workspaceUrl);
  if (status === 401)
    return new TransientFailure(`${workspaceUrl} does not accept Slipway's token: ${message}`);
  if (status >= 500 || status === 429 || status === 408 || PASSING.test(message))
    return new TransientFailure(message);
  if (status === 403)
    return new Refusal(
      `Databricks does not allow this to Slipway's identity: ${message}. Grant it, then retry.`,
    );
  return new Refusal(`Databricks refuses: ${message}`);
}

/** Another try may mend it. If none does, somebody must know where to look. */
function silence({ message }: TransientFailure, workspaceUrl: string): TransientFailure {
  return new TransientFailure(
    `${message}. Check that the variable databricksWorkspaceUrl (${workspaceUrl}) names the workspace, and that ` +
      "Slipway's network reaches it.",
  );
}

/** Databricks sends to its sign-in page who comes from the wrong network, or to a host that is no workspace. */
export function signInPage(workspaceUrl: string): Refusal {
  return new Refusal(
    `${workspaceUrl} answers with a sign-in page instead of its API: the variable databricksWorkspaceUrl names ` +
      'another host than the workspace, or the workspace can be reached by private link only.',
  );
}
