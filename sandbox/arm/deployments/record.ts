import { invalidTemplate } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import type { ArmState, DeploymentRecord, DeploymentStep } from '../state.ts';
import type { Declarations } from '../template/declared.ts';
import { type Prepared, prepareAgain, scopeOf, wantedResources } from './prepare.ts';
import { runtimeContext } from './runtime-context.ts';
import type { ArmWorld } from './world.ts';

/** What a new record is made of besides its prepared template. */
export type RecordStart = Pick<
  DeploymentRecord,
  | 'id'
  | 'name'
  | 'subscriptionId'
  | 'resourceGroup'
  | 'mode'
  | 'template'
  | 'startsAt'
  | 'acceptedAt'
  | 'outerScope'
> &
  Partial<Pick<DeploymentRecord, 'location' | 'tags' | 'parentId' | 'correlationId'>>;

/** Keeps a deployment that will run; it replaces an earlier one of the same name. */
export function addRecord(
  { state, chance }: ArmWorld,
  start: RecordStart,
  prepared: Pick<Prepared, 'parameters' | 'context'>,
): DeploymentRecord {
  const record: DeploymentRecord = {
    correlationId: chance.uuid(),
    ...start,
    statusId: chance.uuid().replaceAll('-', ''),
    templateHash: prepared.context.scope.deployment.templateHash,
    parameters: prepared.parameters,
    state: 'Accepted',
    steps: [],
  };
  state.deployments.delete(record.id.toLowerCase());
  state.deployments.set(record.id.toLowerCase(), record);
  return record;
}

/** A template that is ready to run: its context knows the states of resources. */
export interface Running {
  prepared: Prepared;
  context: ExpressionContext;
}

const running = new WeakMap<DeploymentRecord, Running>();

/** The template of a record, made ready once. */
export function contextOf(world: ArmWorld, record: DeploymentRecord): Running {
  const known = running.get(record);
  if (known) return known;
  const scope = scopeOf(world, record);
  const parent = parentOf(world.state, record);
  const outer = record.outerScope && parent ? contextOf(world, parent).context : undefined;
  const prepared = prepareAgain({ template: record.template, scope, outer }, record.parameters);
  const context = runtimeContext(world, prepared.context, prepared.declared.resources);
  running.set(record, { prepared, context });
  return { prepared, context };
}

/** The deployment that a nested one is part of. */
export function parentOf(
  { deployments }: ArmState,
  { parentId }: DeploymentRecord,
): DeploymentRecord | undefined {
  return parentId === undefined ? undefined : deployments.get(parentId.toLowerCase());
}

/** One step for each resource that the template wants. */
export function stepsOf(world: ArmWorld, { declared, dependencies }: Prepared): DeploymentStep[] {
  refuseUnresolved(declared);
  return wantedResources(declared).map(({ id, type, name, apiVersion, definition, loops }) => ({
    id,
    type,
    name,
    apiVersion,
    definition,
    loops,
    operationId: world.chance.uuid().replaceAll('-', '').slice(0, 16).toUpperCase(),
    dependsOn: dependencies.get(id) ?? [],
    state: 'Waiting',
  }));
}

function refuseUnresolved({ unresolved: [first] }: Declarations): void {
  if (first) throw invalidTemplate(`The name of the resource '${first.name}' can't be evaluated`, first.path);
}
