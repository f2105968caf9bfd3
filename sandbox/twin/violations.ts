import type { z } from 'zod';
import { check } from './check.ts';
import type { Operation } from './contract.ts';
import type { Answer } from './exchange.ts';

/** Something that the contract does not allow: in a request the client is wrong, in a response the twin is. */
export interface Violation {
  method: string;
  path: string;
  operation: string;
  what: string;
}

/** What of a response the contract does not allow; empty when it is in order. */
export function responseProblems(operation: Operation, answer: Answer, errorBody: z.ZodType): string[] {
  const shape = shapeOf(operation, answer.status, errorBody);
  if (!shape) return [`response: status ${answer.status} is not declared`];
  const checked = check(shape, answer.json ?? answer.bytes ?? answer.text);
  return [
    ...checked.undeclared.map((field) => `response ${answer.status}: field ${field} is not declared`),
    ...(checked.ok ? [] : checked.wrong.map((why) => `response ${answer.status}: ${why}`)),
  ];
}

/** Every service may answer these at any time. */
const ALWAYS_POSSIBLE = [401, 403, 429, 500, 503];

/** Errors of a HEAD lose their body on the wire. */
function shapeOf(operation: Operation, status: number, errorBody: z.ZodType): z.ZodType | undefined {
  const declared = operation.responses[status];
  if (declared) return declared;
  if (!operation.errors.includes(status) && !ALWAYS_POSSIBLE.includes(status)) return undefined;
  return errorBody;
}
