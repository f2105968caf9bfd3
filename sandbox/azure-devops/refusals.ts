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
  return new Refusal(errorAnswer(400, typeKey, message));
}

/** Something that the caller may not do: 403. */
export function forbidden(message: string): Refusal {
  return new Refusal(errorAnswer(403, 'UnauthorizedRequestException', message));
}

/** Something that does not exist: 404. */
export function missing(typeKey: string, message: string): Refusal {
  return new Refusal(errorAnswer(404, typeKey, message));
}
