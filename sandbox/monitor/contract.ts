import { z } from 'zod';
import { bytes, type Operation, operation } from '../twin/contract.ts';

/** What ingestion answers, errors included: how many items came and which were not taken. */
export const trackResponse = z.strictObject({
  itemsReceived: z.int(),
  itemsAccepted: z.int(),
  errors: z.array(z.strictObject({ index: z.int(), statusCode: z.int(), message: z.string() })),
});

/** Takes a JSON array, or JSON texts on lines of their own; either may be compressed with gzip. */
export const track = operation({
  name: 'Track',
  method: 'POST',
  path: '/v2.1/track',
  body: bytes,
  responses: { 200: trackResponse, 206: trackResponse },
  errors: [400, 402, 408, 439],
});

/** The same at the path of older clients. */
export const trackVersion2 = operation({ ...track, name: 'Track', path: '/v2/track', body: bytes });

/** An envelope: one item of telemetry with where it comes from. */
export const envelope = z.looseObject({
  name: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  iKey: z.string(),
  tags: z.record(z.string(), z.string()).default({}),
  data: z.looseObject({
    baseType: z.enum([
      'AvailabilityData',
      'EventData',
      'ExceptionData',
      'MessageData',
      'MetricData',
      'PageViewData',
      'PageViewPerfData',
      'RemoteDependencyData',
      'RequestData',
    ]),
    baseData: z.looseObject({
      name: z.string().optional(),
      message: z.string().optional(),
      properties: z.record(z.string(), z.string()).optional(),
      measurements: z.record(z.string(), z.number()).optional(),
      metrics: z.array(z.looseObject({ name: z.string(), value: z.number() })).optional(),
    }),
  }),
});
export type Envelope = z.infer<typeof envelope>;

export const monitorOperations: readonly Operation[] = [track, trackVersion2];
