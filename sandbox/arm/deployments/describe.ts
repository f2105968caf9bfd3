import type { DeploymentRecord, DeploymentStep } from '../state.ts';

/** A deployment as answers show it. Values of secure parameters and outputs are left out. */
export function describeDeployment(record: DeploymentRecord) {
  const { id, name, location, tags } = record;
  return {
    id,
    name,
    type: 'Microsoft.Resources/deployments',
    ...(location === undefined ? {} : { location }),
    ...(tags && { tags }),
    properties: propertiesOf(record),
  };
}

function propertiesOf(record: DeploymentRecord) {
  const ended = record.endedAt !== undefined;
  const done = record.steps.filter(({ state }) => state === 'Succeeded');
  return {
    templateHash: record.templateHash,
    parameters: Object.fromEntries(
      Object.entries(record.parameters).map(([name, { type, value }]) => [name, shown(type, value)]),
    ),
    mode: record.mode,
    provisioningState: record.state,
    timestamp: new Date(record.endedAt ?? record.acceptedAt).toISOString(),
    duration: durationText((record.endedAt ?? record.acceptedAt) - record.acceptedAt),
    correlationId: record.correlationId,
    providers: providersOf(record.steps),
    dependencies: record.steps
      .filter(({ dependsOn }) => dependsOn.length > 0)
      .map((step) => dependencyOf(step, record)),
    ...(record.outputs && { outputs: record.outputs }),
    ...(ended && { outputResources: done.map(({ id }) => ({ id })) }),
    ...(record.error && { error: record.error }),
  };
}

/** A typed value; without the value when the type is secure. */
export function shown<V>(type: string, value: V): { type: string; value?: V } {
  return type.startsWith('Secure') ? { type } : { type, value };
}

/** An ISO 8601 duration such as `PT1.5S`. */
export function durationText(durationInMs: number): string {
  return `PT${durationInMs / 1000}S`;
}

/** The resource types of a deployment by their provider. */
export function providersOf(steps: readonly Pick<DeploymentStep, 'type'>[]) {
  const types = new Map<string, Set<string>>();
  for (const { type } of steps) {
    const [namespace = '', ...rest] = type.split('/');
    types.set(namespace, (types.get(namespace) ?? new Set()).add(rest.join('/')));
  }
  return [...types].map(([namespace, names]) => ({
    namespace,
    resourceTypes: [...names].map((resourceType) => ({ resourceType, locations: [] })),
  }));
}

function dependencyOf(step: DeploymentStep, record: DeploymentRecord) {
  const named = (id: string) => {
    const found = record.steps.find((one) => one.id === id);
    return { id, resourceType: found?.type ?? '', resourceName: found?.name ?? '' };
  };
  return { dependsOn: step.dependsOn.map(named), ...named(step.id) };
}
