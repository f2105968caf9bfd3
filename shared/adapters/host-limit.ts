import type { Clock } from '../engine/ports.ts';

/** How fast one host may be asked. */
export interface Limit {
  readonly requestsPerSecond: number;
  readonly inFlight: number;
  /** How many may go at once after a quiet time; 1, so that requests are spaced evenly, when absent. */
  readonly burst?: number;
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
  private readonly waiting: (() => void)[] = [];
  private readonly clock: Clock;

  constructor({ requestsPerSecond, inFlight, burst = 1 }: Limit, clock: Clock) {
    this.spacingInMs = 1000 / requestsPerSecond;
    this.slackInMs = (burst - 1) * this.spacingInMs;
    this.free = inFlight;
    this.clock = clock;
  }

  /** Waits for a place and for the time slot, does the work, and gives the place back. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.enter();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async enter(): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    const now = this.clock.now();
    const at = Math.max(now, this.nextAt - this.slackInMs);
    this.nextAt = Math.max(now, this.nextAt) + this.spacingInMs;
    if (at > now) await this.clock.sleep(at - now);
  }

  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
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
