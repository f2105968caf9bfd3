import type { Telemetry } from '../engine/telemetry.ts';

/**
 * Application Insights, loaded when the first record comes: its package costs more than everything else together.
 * @param connectionString null: records are in the log only, where every one is written anyway.
 */
export function telemetryOf(connectionString: string | null): Telemetry {
  if (connectionString === null) return { track: () => Promise.resolve() };
  let loaded: Promise<Telemetry> | null = null;
  return {
    async track(record) {
      loaded ??= import('./insights.ts').then(({ insights }) => insights(connectionString));
      await (await loaded).track(record);
    },
  };
}
