import { type Answer, json, Refusal } from '../twin/exchange.ts';
import type { Problem } from '../twin/model.ts';

/** An error answer of Key Vault; `inner` says more of a 403 or a 409. */
export function errorAnswer(
  status: number,
  { code, message, inner }: { code: string; message: string; inner?: string },
): Answer {
  const innererror = inner === undefined ? {} : { innererror: { code: inner } };
  return json({ error: { code, message, ...innererror } }, status);
}

/** 400: a name, a value or a page size that is not allowed. */
export function badParameter(message: string): Refusal {
  return new Refusal(errorAnswer(400, { code: 'BadParameter', message }));
}

/** 404: no such secret, or it was deleted. */
export function notFound(name: string): Refusal {
  const message = `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`;
  return new Refusal(errorAnswer(404, { code: 'SecretNotFound', message }));
}

/** 403: the secret is there but switched off. */
export function disabled(): Refusal {
  const message = 'Operation get is not allowed on a disabled secret.';
  return new Refusal(errorAnswer(403, { code: 'Forbidden', message, inner: 'SecretDisabled' }));
}

/** 409: the name belongs to a deleted secret that is not purged. */
export function deletedButRecoverable(name: string): Refusal {
  const message = `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`;
  const inner = 'ObjectIsDeletedButRecoverable';
  return new Refusal(errorAnswer(409, { code: 'Conflict', message, inner }));
}

/** 403: the principal has no role for this. */
export function forbidden(principal: string, action: string): Answer {
  const message = `Caller is not authorized to perform action on resource.\r\nCaller: ${principal}\r\nAction: '${action}'`;
  return errorAnswer(403, { code: 'Forbidden', message, inner: 'ForbiddenByRbac' });
}

/** Words what the kernel refuses; a 401 tells which tenant and resource a token must be for. */
export function createWords(tenantId: string): (problem: Problem) => Answer {
  return ({ kind, status, why }) => {
    switch (kind) {
      case 'unauthenticated': {
        const message = `AKV10000: Request is missing a Bearer or PoP token, or it is not valid: ${why}.`;
        const challenge = `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="https://vault.azure.net"`;
        const answer = errorAnswer(401, { code: 'Unauthorized', message });
        return { ...answer, headers: { 'www-authenticate': challenge } };
      }
      case 'throttled':
        return errorAnswer(status, {
          code: 'Throttled',
          message: `Request was not processed because too many requests were received. Reason: ${why}`,
        });
      case 'failed':
        return errorAnswer(status, { code: 'InternalServerError', message: why });
      default:
        return errorAnswer(status, { code: 'BadParameter', message: why });
    }
  };
}
