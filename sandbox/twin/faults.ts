import { z } from 'zod';
import type { Chance } from './chance.ts';
import { matchesPattern } from './pattern.ts';

const when = z.enum(['before', 'after']).default('before');
const target = {
  /** An operation's name or a path, `*` for any text. */
  match: z.string().default('*'),
  /** Let this many matching requests pass first. */
  skip: z.int().min(0).default(0),
  /** How many requests it hits; without it, every one until it is cleared. */
  times: z.int().min(1).optional(),
  /** Chance that it hits a matching request. */
  probability: z.number().min(0).max(1).default(1),
};

/**
 * A fault that a test or a person asks for. `when: after` lets the effect happen and spoils the answer:
 * `{ kind: 'drop', when: 'after' }` is the lost answer that a client cannot tell from a lost request.
 */
export const faultShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('latency'), ...target, latencyInMs: z.number().min(0) }),
  z.strictObject({ kind: z.literal('drop'), ...target, when }),
  z.strictObject({
    kind: z.literal('status'),
    ...target,
    when,
    status: z.int().min(400).max(599),
    retryAfterInSeconds: z.int().min(0).optional(),
    message: z.string().optional(),
  }),
  /** 203 with an HTML sign-in page, as Azure DevOps answers a bad credential. */
  z.strictObject({ kind: z.literal('html'), ...target }),
  /** 302 to a sign-in page, as Databricks answers when private link forbids the way. */
  z.strictObject({
    kind: z.literal('login-redirect'),
    ...target,
    location: z.string().default('/login.html'),
  }),
]);

export type Fault = z.infer<typeof faultShape>;
export type FaultRequest = z.input<typeof faultShape>;

/** What happens to one request: a delay, and at most one fault that spoils it. */
export interface Misfortune {
  latencyInMs: number;
  fault?: Exclude<Fault, { kind: 'latency' }>;
}

/** The faults in force. */
export interface Faults {
  /** Adds a fault; throws when it is not well formed. */
  add(fault: FaultRequest): void;
  clear(): void;
  list(): readonly Fault[];
  /** Decides for one request, and uses up what hits it. */
  next(request: { operation: string; path: string }): Misfortune;
}

export function createFaults(chance: Chance): Faults {
  let active: Fault[] = [];
  return {
    add: (fault) => {
      active.push(faultShape.parse(fault));
    },
    clear: () => {
      active = [];
    },
    list: () => active,
    next: (request) => {
      const misfortune: Misfortune = { latencyInMs: 0 };
      for (const fault of active) {
        if (misfortune.fault && fault.kind !== 'latency') continue;
        if (!matchesPattern(fault.match, request) || !hits(fault, chance)) continue;
        if (fault.kind === 'latency') misfortune.latencyInMs += fault.latencyInMs;
        else misfortune.fault = fault;
      }
      active = active.filter((fault) => fault.times !== 0);
      return misfortune;
    },
  };
}

/** Counts down `skip` first, then `times`. */
function hits(fault: Fault, chance: Chance): boolean {
  if (fault.skip > 0) {
    fault.skip--;
    return false;
  }
  if (fault.probability < 1 && chance.random() >= fault.probability) return false;
  if (fault.times !== undefined) fault.times--;
  return true;
}
