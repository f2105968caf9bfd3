/** One request as the twin saw it. Times are in milliseconds of the twin's clock. */
export interface LoggedRequest {
  operation: string;
  method: string;
  path: string;
  startedAt: number;
  endedAt?: number;
  /** The status sent, or `dropped` when the connection was cut; absent while the request is in flight. */
  status?: number | 'dropped';
  /** Kind of the fault that changed the outcome. */
  fault?: string;
}

/** Every request since the last reset, with the counts that performance claims rest on. */
export interface RequestLog {
  start(request: { operation: string; method: string; path: string }): LoggedRequest;
  end(entry: LoggedRequest, status: number | 'dropped'): void;
  requests(): readonly LoggedRequest[];
  /** Requests of one operation, or all. */
  count(operation?: string): number;
  /** Requests per operation. */
  counts(): Record<string, number>;
  inFlight(): number;
  /** The most requests that were in flight at the same time. */
  peakInFlight(): number;
  clear(): void;
}

export function createRequestLog(now: () => number): RequestLog {
  let entries: LoggedRequest[] = [];
  let inFlight = 0;
  let peak = 0;
  return {
    start: (request) => {
      const entry = { ...request, startedAt: now() };
      entries.push(entry);
      inFlight++;
      peak = Math.max(peak, inFlight);
      return entry;
    },
    end: (entry, status) => {
      entry.endedAt = now();
      entry.status = status;
      inFlight--;
    },
    requests: () => entries,
    count: (operation) => entries.filter((entry) => !operation || entry.operation === operation).length,
    counts: () => countBy(entries),
    inFlight: () => inFlight,
    peakInFlight: () => peak,
    clear: () => {
      entries = [];
      peak = inFlight;
    },
  };
}

function countBy(entries: readonly LoggedRequest[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const entry of entries) counts[entry.operation] = (counts[entry.operation] ?? 0) + 1;
  return counts;
}
