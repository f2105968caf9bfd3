import type { z } from 'zod';
import { type Checked, check } from './check.ts';
import type { Operation } from './contract.ts';
import type { Answer, TwinRequest } from './exchange.ts';
import { readBody } from './read-body.ts';

/** A request that matched an operation and has the declared fields. */
export interface Call<Query, Body> {
  request: TwinRequest;
  url: URL;
  /** Who calls, as the token says. */
  principal: string;
  query: Query;
  body: Body;
  /** A parameter of the path template, decoded. */
  param(name: string): string;
}

/** A request that matched an operation, not yet checked. */
export interface Match {
  request: TwinRequest;
  url: URL;
  params: Record<string, string>;
}

/** What reading a request found: it can be served, or required fields are missing or have the wrong type. */
export type Reading =
  | { ok: true; undeclared: string[]; serve: (principal: string) => Answer | Promise<Answer> }
  | { ok: false; undeclared: string[]; wrong: string[] };

/** An operation and what the twin does for it. */
export interface Route {
  operation: Operation;
  read(match: Match): Promise<Reading>;
}

/** Binds an operation to its behaviour; `handle` gets query and body with the types of the contract. */
export function route<Query extends z.ZodObject, Body extends z.ZodType>(
  operation: Operation<Query, Body>,
  handle: (call: Call<z.infer<Query>, z.infer<Body>>) => Answer | Promise<Answer>,
): Route {
  return {
    operation,
    read: async (match) => {
      const query = check(operation.query, Object.fromEntries(match.url.searchParams));
      const body = await checkBody(operation, match.request);
      const undeclared = [...query.undeclared, ...body.undeclared];
      if (!query.ok || !body.ok)
        return { ok: false, undeclared, wrong: [...wrongIn(query), ...wrongIn(body)] };
      const call = { ...match, query: query.value, body: body.value, param: parameterOf(match) };
      return { ok: true, undeclared, serve: (principal) => handle({ ...call, principal }) };
    },
  };
}

async function checkBody<Body extends z.ZodType>(
  operation: Operation<z.ZodObject, Body>,
  request: TwinRequest,
): Promise<Checked<z.infer<Body>>> {
  const body = await readBody(operation, request);
  return body.ok ? check(operation.body, body.value) : { ok: false, undeclared: [], wrong: [body.why] };
}

function wrongIn(checked: Checked<unknown>): string[] {
  return checked.ok ? [] : checked.wrong;
}

function parameterOf(match: Match): (name: string) => string {
  return (name) => {
    const value = match.params[name];
    if (value === undefined) throw new Error(`the path template has no parameter "${name}"`);
    return value;
  };
}
