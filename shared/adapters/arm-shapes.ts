import * as z from 'zod';
import type { Deployment, PropertyDifference } from '../engine/arm-client.ts';
import { readableError } from './arm-errors.ts';

const propertyDifference: z.ZodType<PropertyDifference> = z.lazy(() =>
  z.object({
    path: z.string(),
    propertyChangeType: z.string(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    children: z.array(propertyDifference).nullish(),
  }),
);

/** The end of what-if. */
export const whatIfResult = z.object({
  status: z.string(),
  properties: z
    .object({
      changes: z
        .array(
          z.object({
            resourceId: z.string(),
            changeType: z.string(),
            after: z.unknown().optional(),
            delta: z.array(propertyDifference).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
  error: z.unknown().optional(),
});

/** The end of a validation. */
export const validationResult = z.object({ error: z.unknown().optional() });

const deployment = z.object({
  name: z.string(),
  tags: z.record(z.string(), z.string()).nullish(),
  properties: z.object({
    provisioningState: z.string(),
    outputs: z.record(z.string(), z.object({ value: z.json().optional() })).nullish(),
    error: z.unknown().optional(),
  }),
});

const STATES: Readonly<Record<string, Deployment['state']>> = {
  Succeeded: 'succeeded',
  Failed: 'failed',
  Canceled: 'canceled',
};

/** Reads a deployment. Every state but the three last ones, known or not, means that it goes on. */
export function readDeployment(body: unknown): Deployment {
  const { name, tags, properties } = deployment.parse(body);
  const outputs = Object.entries(properties.outputs ?? {}).flatMap(([output, { value }]) =>
    value === undefined ? [] : [[output, value] as const],
  );
  const error = readableError(properties.error);
  return {
    name,
    state: STATES[properties.provisioningState] ?? 'running',
    tags: tags ?? {},
    outputs: Object.fromEntries(outputs),
    error: error === '' ? null : error,
  };
}

/** One page of a deployment's operations. */
export const operationsPage = z.object({
  value: z.array(
    z.object({
      properties: z.object({
        provisioningState: z.string(),
        statusMessage: z.unknown().optional(),
        targetResource: z
          .object({ id: z.string(), resourceType: z.string(), resourceName: z.string() })
          .nullish(),
      }),
    }),
  ),
  nextLink: z.string().nullish(),
});

export type Operation = z.infer<typeof operationsPage>['value'][number]['properties'];
