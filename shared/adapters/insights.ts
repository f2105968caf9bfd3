import { TelemetryClient } from 'applicationinsights';
import type { Telemetry } from '../engine/telemetry.ts';

/** Records through the Application Insights package: one event each, and one metric for each completed stage. */
export function insights(connectionString: string): Telemetry {
  const client = new TelemetryClient(connectionString);
  return {
    async track({ id, name, properties, measurements }) {
      client.trackEvent({ name, properties: { ...properties, record_id: id }, measurements });
      if (name === 'deployment_stage_completed') {
        const value = properties.success === 'true' ? 1 : 0;
        client.trackMetric({
          name: 'deployment.success',
          value,
          properties: { ...properties, record_id: id },
        });
      }
      await client.flush();
    },
  };
}
