import { AsyncLocalStorage } from 'node:async_hooks';
import type { HostLimit } from '../../shared/adapters/host-limit.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import type { Invocation, World } from '../engine/simulator/world.ts';

const IDLE_TURNS = 2_000;
const MOST_WAITS = 10_000;

/**
 * Archives are packed and unpacked in real time, on other threads. Virtual time must stand still meanwhile, or every
 * lease would run out. So it is known who may be at such work: a twin that answers, and an invocation that has
 * got an archive and has asked for nothing since.
 */
export class RealWork {
  private readonly world: World;
  private answering = 0;
  private readonly unpacking = new Map<Invocation, number>();
  private readonly current = new AsyncLocalStorage<Invocation>();

  constructor(world: World) {
    this.world = world;
  }

  /** Lets `work` be done by the invocation. */
  by<Result>(invocation: Invocation, work: () => Promise<Result>): Promise<Result> {
    return this.current.run(invocation, work);
  }

  /** A twin's answer; the twin sleeps by `twinClock`. */
  async answer<Result>(work: () => Promise<Result>): Promise<Result> {
    this.answering += 1;
    try {
      return await work();
    } finally {
      this.answering -= 1;
    }
  }

  /** The clock of the twins. */
  twinClock(): { now(): number; sleep(timeInMs: number): Promise<void> } {
    const { clock } = this.world;
    return {
      now: () => clock.now(),
      sleep: async (timeInMs) => {
        this.answering -= 1;
        await clock.sleep(timeInMs);
        this.answering += 1;
      },
    };
  }

  /** Makes limits at whose door an invocation is seen to ask for something: it unpacks nothing then. */
  limits(): HostLimits {
    const limits = new HostLimits(this.world.clock);
    const of = limits.of.bind(limits);
    const seen = new Set<HostLimit>();
    limits.of = (host, limit) => {
      const found = of(host, limit);
      if (!seen.has(found)) this.watch(found);
      seen.add(found);
      return found;
    };
    return limits;
  }

  private watch(limit: HostLimit): void {
    const run = limit.run.bind(limit);
    limit.run = (work) => {
      const invocation = this.current.getStore();
      if (invocation !== undefined) this.unpacking.delete(invocation);
      return run(work);
    };
  }

  /** An invocation has got bytes; if they are an archive, it may unpack them now. */
  got(invocation: Invocation, bytes: Uint8Array): void {
    if (bytes[0] === 0x50 && bytes[1] === 0x4b) this.unpacking.set(invocation, this.world.calls.length);
  }

  /** Resolves when nobody is at real work any more, or when it takes so long that somebody must be forgotten. */
  async isDone(): Promise<void> {
    for (let turn = 0; this.isGoingOn(); turn += 1) {
      if (turn > IDLE_TURNS + MOST_WAITS) throw new Error('somebody works in real time and never ends');
      await (turn < IDLE_TURNS
        ? new Promise((resolve) => setImmediate(resolve))
        : new Promise((resolve) => setTimeout(resolve, 1)));
    }
  }

  private isGoingOn(): boolean {
    for (const [invocation, calls] of this.unpacking) {
      const asked = this.world.calls.slice(calls).some((call) => call.invocation === invocation.id);
      if (asked || !invocation.alive) this.unpacking.delete(invocation);
    }
    return this.answering > 0 || this.unpacking.size > 0;
  }
}
