import type { Clock } from '../engine/ports.ts';

/** How fast one host may be asked. */
export interface Limit {
  readonly requestsPerSecond: number;
  readonly inFlight: number;
  /** How many may go at once after a quiet time; 1, so that requests are spaced evenly, when absent. */
  readonly burst?: number;
}

/** A host that was silent for so long will be silent a while: nobody else is made to wait for it. */
export const SILENCE_IN_MS = 30_000;

interface Waiting {
  readonly enter: () => void;
  readonly giveUp: (error: unknown) => void;
}

/**
 * The limit of one host, shared by everything in the process that talks to it. Beyond the burst, requests are
 * spaced evenly, so that they do not meet the service's own limit.
 */
export class HostLimit {
  private nextAt = 0;
  private free: number;
  private readonly spacingInMs: number;
  private readonly slackInMs: number;
  private waiting: Waiting[] = [];
  private readonly clock: Clock;

  constructor({ requestsPerSecond, inFlight, burst = 1 }: Limit, clock: Clock) {
    this.spacingInMs = 1000 / requestsPerSecond;
    this.slackInMs = (burst - 1) * this.spacingInMs;
    this.free = inFlight;
    this.clock = clock;
  }

  /**
   * Waits for a place and for the time slot, does the work, and gives the place back. Where the work fails after a
   * long silence, those who wait for a place fail with it: a queue of requests takes as long as one.
   */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.enter();
    const begunAt = this.clock.now();
    try {
      return await work();
    } catch (error) {
      if (this.clock.now() - begunAt >= SILENCE_IN_MS) this.sendAway(error);
      throw error;
    } finally {
      this.leave();
    }
  }

  private async enter(): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve, reject) => this.waiting.push({ enter: resolve, giveUp: reject }));
    const now = this.clock.now();
    const at = Math.max(now, this.nextAt - this.slackInMs);
    this.nextAt = Math.max(now, this.nextAt) + this.spacingInMs;
    if (at > now) await this.clock.sleep(at - now);
  }

  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next.enter();
  }

  private sendAway(error: unknown): void {
    const those = this.waiting;
    this.waiting = [];
    for (const { giveUp } of those) giveUp(error);
  }
}

/** The limits of all hosts of a process. */
export class HostLimits {
  private readonly byHost = new Map<string, HostLimit>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The limit of a host; the first caller's numbers count. */
  of(host: string, limit: Limit): HostLimit {
    const known = this.byHost.get(host) ?? new HostLimit(limit, this.clock);
    this.byHost.set(host, known);
    return known;
  }
}
