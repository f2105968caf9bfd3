import { z } from 'zod';
import type { ArmError } from '../errors.ts';

/** Query fields of every operation. */
export const version = z.strictObject({ 'api-version': z.string() });

/** Query fields of a list; the second one comes only in the `nextLink` that the service gave. */
export const page = version.extend({ $top: z.string().optional(), $skiptoken: z.string().optional() });

export const armError: z.ZodType<ArmError> = z.lazy(() =>
  z.strictObject({
    code: z.string(),
    message: z.string(),
    target: z.string().exactOptional(),
    details: z.array(armError).exactOptional(),
    additionalInfo: z.array(z.strictObject({ type: z.string(), info: z.looseObject({}) })).exactOptional(),
  }),
);

/** Every error body. */
export const errorBody = z.strictObject({ error: armError });

export const tags = z.record(z.string(), z.string());

const templateLink = z.strictObject({
  uri: z.string().optional(),
  id: z.string().optional(),
  relativePath: z.string().optional(),
  contentVersion: z.string().optional(),
  queryString: z.string().optional(),
});

const requestProperties = z.strictObject({
  template: z.looseObject({}).optional(),
  templateLink: templateLink.optional(),
  parameters: z.looseObject({}).optional(),
  parametersLink: z.strictObject({ uri: z.string(), contentVersion: z.string().optional() }).optional(),
  mode: z.enum(['Incremental', 'Complete']),
  debugSetting: z.strictObject({ detailLevel: z.string().optional() }).optional(),
  expressionEvaluationOptions: z.strictObject({ scope: z.string().optional() }).optional(),
  validationLevel: z.enum(['Template', 'Provider', 'ProviderNoRbac']).optional(),
});

/** Body of a deployment and of validate. */
export const deploymentRequest = z.strictObject({
  location: z.string().optional(),
  tags: tags.optional(),
  properties: requestProperties,
});

/** Body of what-if. */
export const whatIfRequest = z.strictObject({
  location: z.string().optional(),
  properties: requestProperties.extend({
    whatIfSettings: z
      .strictObject({ resultFormat: z.enum(['ResourceIdOnly', 'FullResourcePayloads']).optional() })
      .optional(),
  }),
});

const named = { id: z.string(), resourceType: z.string(), resourceName: z.string() };
const typed = z.strictObject({ type: z.string(), value: z.unknown().optional() });
const reference = z.strictObject({ id: z.string() });

const deploymentProperties = z.strictObject({
  templateHash: z.string(),
  parameters: z.record(z.string(), typed),
  mode: z.enum(['Incremental', 'Complete']),
  provisioningState: z.enum(['Accepted', 'Running', 'Succeeded', 'Failed', 'Canceled']),
  timestamp: z.string(),
  duration: z.string(),
  correlationId: z.string(),
  providers: z.array(
    z.strictObject({
      namespace: z.string(),
      resourceTypes: z.array(z.strictObject({ resourceType: z.string(), locations: z.array(z.string()) })),
    }),
  ),
  dependencies: z.array(z.strictObject({ dependsOn: z.array(z.strictObject(named)), ...named })),
  outputs: z.record(z.string(), typed).optional(),
  outputResources: z.array(reference).optional(),
  validatedResources: z.array(reference).optional(),
  error: armError.optional(),
});

/** A deployment. */
export const deployment = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.literal('Microsoft.Resources/deployments'),
  location: z.string().optional(),
  tags: tags.optional(),
  properties: deploymentProperties,
});

const propertyChange: z.ZodType = z.lazy(() =>
  z.strictObject({
    path: z.string(),
    propertyChangeType: z.enum(['Create', 'Delete', 'Modify', 'Array', 'NoEffect']),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
    children: z.array(propertyChange).optional(),
  }),
);

/** What what-if gives in the end. */
export const whatIfResult = z.strictObject({
  status: z.enum(['Succeeded', 'Failed']),
  properties: z
    .strictObject({
      changes: z.array(
        z.strictObject({
          resourceId: z.string(),
          changeType: z.enum(['Create', 'Delete', 'Ignore', 'Deploy', 'NoChange', 'Modify', 'Unsupported']),
          unsupportedReason: z.string().optional(),
          before: z.looseObject({}).optional(),
          after: z.looseObject({}).optional(),
          delta: z.array(propertyChange).optional(),
        }),
      ),
      diagnostics: z.array(z.looseObject({})).optional(),
    })
    .optional(),
  error: armError.optional(),
});
