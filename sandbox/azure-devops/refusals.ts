import { type Answer, json, Refusal } from '../twin/exchange.ts';

/** The error of Azure DevOps; clients tell errors apart by `typeKey`. */
export function errorAnswer(status: number, typeKey: string, message: string): Answer {
  const typeName = `Microsoft.Azure.DevOps.${typeKey}, Microsoft.Azure.DevOps`;
  return json(
    { $id: '1', innerException: null, message, typeName, typeKey, errorCode: 0, eventId: 3000 },
    status,
  );
}

/** A request that makes no sense: 400. */
export function invalid(message: string, typeKey = 'ArgumentException'): Refusal {
  return refusal(errorAnswer(400, typeKey, message), message);
}

/** Something that the caller may not do: 403. */
export function forbidden(message: string): Refusal {
  return refusal(errorAnswer(403, 'UnauthorizedRequestException', message), message);
}

/** Something that does not exist: 404. */
export function missing(typeKey: string, message: string): Refusal {
  return refusal(errorAnswer(404, typeKey, message), message);
}

/** The same words for a caller inside this process as for one over HTTP. */
function refusal(answer: Answer, message: string): Refusal {
  return Object.assign(new Refusal(answer), { message });
}
