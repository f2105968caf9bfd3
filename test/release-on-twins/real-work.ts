import { AsyncLocalStorage } from 'node:async_hooks';
import type { HostLimit } from '../../shared/adapters/host-limit.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import type { Invocation, World } from '../engine/simulator/world.ts';

const IDLE_TURNS = 2_000;
const MOST_WAITS = 10_000;

/** Something that an invocation does, perhaps beside other such things: the plan of a step, say. */
interface Piece {
  readonly invocation: Invocation;
}

/** One for all worlds: every promise of the process pays for each one that there is. */
const CURRENT = new AsyncLocalStorage<Piece>();

/**
 * Archives are packed and unpacked in real time, on other threads. Virtual time must stand still meanwhile, or every
 * lease would run out. So it is known who may be at such work: a twin that answers, and a piece of work that has got
 * an archive and has asked for nothing since.
 */
export class RealWork {
  private readonly world: World;
  private answering = 0;
  private readonly unpacking = new Set<Piece>();

  constructor(world: World) {
    this.world = world;
  }

  /** Lets `work` be done by the invocation. */
  by<Result>(invocation: Invocation, work: () => Promise<Result>): Promise<Result> {
    return CURRENT.run({ invocation }, work);
  }

  /** Lets `work` be a piece of its own of what the invocation at work does. */
  async within<Result>(work: () => Promise<Result>): Promise<Result> {
    const around = CURRENT.getStore();
    if (around === undefined) return work();
    const piece = { invocation: around.invocation };
    try {
      return await CURRENT.run(piece, work);
    } finally {
      this.unpacking.delete(piece);
    }
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
      this.asks();
      return run(work);
    };
  }

  /** Who is at work asks for something, and so unpacks nothing. */
  asks(): void {
    const piece = CURRENT.getStore();
    if (piece !== undefined) this.unpacking.delete(piece);
  }

  /** Who is at work has got bytes: it may unpack an archive now, or load the parser for a JUnit file. */
  got(bytes: Uint8Array): void {
    const piece = CURRENT.getStore();
    const begins = Buffer.from(bytes.subarray(0, 5)).toString('latin1');
    if (piece !== undefined && (begins.startsWith('PK') || begins === '<?xml')) this.unpacking.add(piece);
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
    for (const piece of this.unpacking) if (!piece.invocation.alive) this.unpacking.delete(piece);
    return this.answering > 0 || this.unpacking.size > 0;
  }
}
