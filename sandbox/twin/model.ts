import type { z } from 'zod';
import type { Certificate } from './certificate.ts';
import type { Chance } from './chance.ts';
import type { Clock } from './clock.ts';
import type { Answer, TwinRequest, TwinResponse } from './exchange.ts';
import type { Faults } from './faults.ts';
import type { Limit, RateLimits } from './rate-limit.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';
import type { Router } from './router.ts';
import type { Listening } from './serve.ts';
import type { Violation } from './violations.ts';

/** What a token is worth: a principal, or why it is refused. */
export type Verdict = { ok: true; principal: string } | { ok: false; why: string };

/** Something that the kernel refuses; the service says in which words. */
export interface Problem {
  kind: 'unknown-operation' | 'bad-request' | 'unauthenticated' | 'throttled' | 'failed';
  /** The usual status; a service may choose another one. */
  status: number;
  why: string;
}

/** What may differ between two twins of the same service. */
export interface TwinSettings {
  clock?: Clock;
  chance?: Chance;
  /** Judges the bearer token (`undefined`: none was sent). Without it everyone is let in as `twin-user`. */
  acceptsToken?: (token: string | undefined, request: TwinRequest) => Verdict | Promise<Verdict>;
  limits?: readonly Limit[];
  /** Whether requests and responses are checked against the contract (default true). */
  checked?: boolean;
}

/** An admitted request, for what a service does around all of its operations. */
export interface Admitted {
  request: TwinRequest;
  /** Name of the operation, `unknown` when there is none. */
  operation: string;
  principal: string;
}

/** A stateful stand-in of a cloud service. */
export interface Twin {
  name: string;
  log: RequestLog;
  faults: Faults;
  limits: RateLimits;
  /** Serves one request without a socket. Throws `ConnectionDropped` when a fault cuts the connection. */
  handle(request: TwinRequest): Promise<TwinResponse>;
  /** Serves over HTTP on 127.0.0.1, with a certificate over https; port 0, the default, takes a free one. */
  listen(port?: number, certificate?: Certificate): Promise<Listening>;
  /** Every breach of the contract so far; a test expects none. */
  violations(): readonly Violation[];
  /** State, log, violations and faults as they were at the beginning; limits stay, with full buckets. */
  reset(): void;
  exportState(): string;
  importState(text: string): void;
}

/** A twin with the parts that serving a request needs. */
export interface LiveTwin extends Twin {
  clock: Clock;
  router: Router;
  errorBody: z.ZodType;
  wordError(problem: Problem, request: TwinRequest): Answer;
  headersOf(request: LoggedRequest): Record<string, string>;
  around(admitted: Admitted, serve: () => Promise<Answer>): Promise<Answer>;
  authenticate(request: TwinRequest): Promise<Verdict>;
  violate(violation: Violation): void;
}
