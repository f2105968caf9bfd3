import type { Ports } from '../../../shared/engine/engine-ports.ts';
import type {
  ContentStore,
  Loaded,
  Log,
  LogFields,
  Outgoing,
  QueueName,
} from '../../../shared/engine/ports.ts';
import { TransientFailure } from '../../../shared/errors.ts';
import { sha256 } from '../../../shared/release/canonical-json.ts';
import type { StepKind } from '../../../shared/steps/step.ts';
import type { CallName, Fault, FaultKind } from './faults.ts';
import { kindsAt } from './faults.ts';
import type { Delivery } from './memory-bus.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryStore } from './memory-store.ts';
import { NO_CLIENTS, NO_RELEASES } from './no-clients.ts';
import { Random } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';

export const START_AT = Date.UTC(2026, 10, 23, 9, 0, 0);
const CALL_TIMEOUT_IN_MS = 30_000;
const SLOW_CALL_IN_MS = 45_000;
export const FUNCTION_TIMEOUT_IN_MS = 120_000;
const RENEW_IN_MS = 20_000;
const DEAD_LETTER_LOCK_IN_MS = 60_000;

/** One execution of a function. A dead one never gets another answer, so nothing of it goes on. */
export class Invocation {
  alive = true;
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}

export interface Call {
  readonly number: number;
  readonly name: CallName;
  readonly invocation: string;
  readonly at: number;
}

/** A line that a function logged. */
export interface LogLine {
  readonly at: number;
  readonly invocation: string;
  readonly text: string;
  readonly fields: LogFields;
}

/** Where invocations come from: the functions of the app under test. */
export interface App {
  handle(invocation: Invocation, delivery: Delivery): Promise<void>;
  deadLetter(invocation: Invocation, queue: QueueName, message: Outgoing): Promise<void>;
}

/** Azure, and the outside, in memory and under virtual time, with faults at chosen calls. */
export class World {
  readonly clock = new VirtualClock(START_AT);
  readonly store = new MemoryStore(() => this.clock.now());
  readonly contents = new Map<string, Uint8Array>();
  readonly calls: Call[] = [];
  readonly log: LogLine[] = [];
  readonly races = { lost: 0 };
  readonly bus: MemoryBus;
  lastFaultAt = 0;
  executions = 0;
  private readonly faults: ReadonlyMap<number, FaultKind>;
  private readonly random: Random;
  private app: App | null = null;
  private readonly running = new Set<Invocation>();

  constructor({ faults, seed }: { readonly faults: readonly Fault[]; readonly seed: number }) {
    this.faults = new Map(faults.map(({ call, kind }) => [call, kind]));
    this.random = new Random(seed);
    this.bus = new MemoryBus(this.clock, {
      offer: (delivery) => void this.invoke(delivery),
      deadLetter: (queue, message) => this.deliverDeadLetter(queue, message),
    });
  }

  /** Lets an app take the messages. */
  start(app: App): void {
    this.app = app;
  }

  /** The engine's ports as one invocation sees them. */
  portsOf(invocation: Invocation, kinds: ReadonlyMap<string, StepKind>): Ports {
    const { store, bus, contents } = this;
    const content: ContentStore = {
      put: (bytes) =>
        this.call(invocation, 'content.put', async () => {
          const digest = sha256(bytes);
          contents.set(digest, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
          return digest;
        }),
      get: (digest) =>
        this.call(invocation, 'content.get', async () => {
          const bytes = contents.get(digest);
          if (bytes === undefined) throw new Error(`there is no content ${digest}`);
          return bytes;
        }),
      has: async (digest) => contents.has(digest),
    };
    return {
      kinds,
      clientsFor: () => NO_CLIENTS,
      releases: NO_RELEASES,
      content,
      clock: this.clockOf(invocation),
      log: this.logOf(invocation),
      store: {
        load: (project, run) => this.call(invocation, 'store.load', () => store.load(project, run)),
        commit: (commit) =>
          this.call(invocation, 'store.commit', async (): Promise<Loaded | 'conflict'> => {
            const stored = await store.commit(commit);
            if (stored === 'conflict') this.races.lost += 1;
            return stored;
          }),
        clearOutbox: (project, ids) =>
          this.call(invocation, 'store.clear', () => store.clearOutbox(project, ids)),
      },
      bus: {
        send: (queue, messages) =>
          this.call(invocation, 'bus.send', async (kind) => {
            const delayInMs = kind === 'delay' ? 90_000 : kind === 'reorder' ? 1_500 : 0;
            for (const message of messages) {
              bus.put(queue, message, { delayInMs });
              if (kind === 'duplicate')
                bus.put(queue, message, { again: true, delayInMs: this.random.between(10, 60) });
            }
          }),
      },
    };
  }

  /**
   * One call of a port: takes a little time, and goes wrong if a fault is set for its number.
   * A crash takes every invocation of the host with it, as the death of a process does.
   */
  async call<Result>(
    invocation: Invocation,
    name: CallName,
    effect: (kind: FaultKind | undefined) => Promise<Result>,
  ): Promise<Result> {
    if (!invocation.alive) return forever();
    const number = this.calls.push({
      number: this.calls.length + 1,
      name,
      invocation: invocation.id,
      at: this.clock.now(),
    });
    const kind = this.faultAt(number, name);
    if (kind !== undefined) this.lastFaultAt = this.clock.now();
    await this.clock.sleep(this.random.between(1, 20));
    if (!invocation.alive) return forever();
    switch (kind) {
      case 'crash-before':
        return this.crash();
      case 'crash-after':
        await effect(kind);
        return this.crash();
      case 'conflict':
        this.races.lost += 1;
        return 'conflict' as Result;
      case 'throttled':
      case 'server-error':
        throw new TransientFailure(`${name} answered ${kind}`);
      case 'timeout-before':
      case 'timeout-after':
        if (kind === 'timeout-after') await effect(kind);
        await this.clock.sleep(CALL_TIMEOUT_IN_MS);
        if (!invocation.alive) return forever();
        throw new TransientFailure(`${name} did not answer (token ${CANARY})`);
      case 'slow':
        await this.clock.sleep(SLOW_CALL_IN_MS);
        return invocation.alive ? effect(kind) : forever();
      default:
        return effect(kind);
    }
  }

  /** Where a kind means nothing, the call fails instead: only a commit loses races, only a message is delayed. */
  private faultAt(number: number, name: CallName): FaultKind | undefined {
    const kind = this.faults.get(number);
    return kind === undefined || kindsAt(name).includes(kind) ? kind : 'server-error';
  }

  /** Ends what `newInvocation` began. */
  endInvocation(invocation: Invocation): void {
    this.running.delete(invocation);
  }

  newInvocation(): Invocation {
    this.executions += 1;
    const invocation = new Invocation(`invocation-${this.executions}`);
    this.running.add(invocation);
    return invocation;
  }

  /** What the trigger on a dead-letter queue gets. It comes again after the message lock has run out, unless it was handled. */
  private deliverDeadLetter(queue: QueueName, message: Outgoing): void {
    const invocation = this.newInvocation();
    let handled = false;
    this.app
      ?.deadLetter(invocation, queue, message)
      .then(() => {
        handled = true;
      })
      .catch(() => undefined)
      .finally(() => this.endInvocation(invocation));
    this.clock.at(this.clock.now() + DEAD_LETTER_LOCK_IN_MS, () => {
      if (!handled) this.deliverDeadLetter(queue, message);
    });
  }

  /** What the Functions host does with a message: run, renew the lock meanwhile, then settle. */
  private async invoke(delivery: Delivery): Promise<void> {
    const invocation = this.newInvocation();
    let over = false;
    this.clock.at(this.clock.now() + FUNCTION_TIMEOUT_IN_MS, () => {
      if (!over) invocation.alive = false;
      return 'idle';
    });
    const renew = (): 'idle' => {
      if (over || !invocation.alive) return 'idle';
      delivery.renew();
      this.clock.at(this.clock.now() + RENEW_IN_MS, renew);
      return 'idle';
    };
    renew();
    let settle = () => delivery.complete();
    try {
      await this.app?.handle(invocation, delivery);
    } catch {
      settle = () => delivery.abandon();
    }
    over = true;
    try {
      await this.call(invocation, 'bus.complete', async () => settle());
    } catch {
      // The lock runs out and the message comes again.
    }
    this.running.delete(invocation);
  }

  private crash(): Promise<never> {
    for (const invocation of this.running) invocation.alive = false;
    this.running.clear();
    return forever();
  }

  private clockOf(invocation: Invocation): Ports['clock'] {
    return {
      now: () => this.clock.now(),
      sleep: async (timeInMs, signal) => {
        await this.clock.sleep(timeInMs, signal);
        if (!invocation.alive) await forever();
      },
    };
  }

  private logOf(invocation: Invocation): Log {
    const write = (text: string, fields: LogFields) => {
      this.log.push({ at: this.clock.now(), invocation: invocation.id, text, fields });
    };
    return { info: write, warn: write, error: write };
  }
}

/** A secret that the outside lets slip into its error texts. It must not be found anywhere afterwards. */
export const CANARY = 'dapi0123456789abcdef0123456789abcdef';

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
