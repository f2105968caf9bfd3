import { deploymentFailed, errorOf } from '../errors.ts';
import type { DeploymentRecord, DeploymentStep } from '../state.ts';
import { deployResource, durationOf, removeSurplus } from './deploy-resource.ts';
import { hasOuterScope, isDeployment, nestedSource } from './nested.ts';
import { outputsOf } from './outputs.ts';
import { prepare } from './prepare.ts';
import { addRecord, contextOf, parentOf, stepsOf } from './record.ts';
import type { ArmWorld } from './world.ts';

/** Something that happens at a time, in milliseconds since 1970. */
interface Due {
  at: number;
  happen(): void;
}

/** Carries all deployments forward to the present, in the order in which things happen. */
export function progress(world: ArmWorld): void {
  for (;;) {
    const due = nextDue(world);
    if (!due || due.at > world.clock.now()) return;
    due.happen();
  }
}

/** Whether a deployment still has something to do. */
export function isActive({ state }: DeploymentRecord): boolean {
  return state === 'Accepted' || state === 'Running';
}

function nextDue(world: ArmWorld): Due | undefined {
  let first: Due | undefined;
  for (const record of world.state.deployments.values()) {
    if (!isActive(record)) continue;
    for (const due of duesOf(world, record)) if (!first || due.at < first.at) first = due;
  }
  return first;
}

function duesOf(world: ArmWorld, record: DeploymentRecord): Due[] {
  if (record.state === 'Accepted') return [{ at: record.startsAt, happen: () => start(world, record) }];
  return record.steps.flatMap((step) => {
    const { state, endsAt } = step;
    if (state !== 'Running' || endsAt === undefined) return [];
    return [{ at: endsAt, happen: () => endStep(world, record, step) }];
  });
}

function start(world: ArmWorld, record: DeploymentRecord): void {
  record.state = 'Running';
  try {
    if (record.parentId !== undefined) record.steps = stepsOf(world, contextOf(world, record).prepared);
  } catch (error) {
    return end(world, record, { at: record.startsAt, error: errorOf(error) });
  }
  goOn(world, record, record.startsAt);
}

/** Starts what waits for nothing any more; after a failure nothing new starts. Ends the deployment when nothing runs. */
function goOn(world: ArmWorld, record: DeploymentRecord, at: number): void {
  const failed = record.steps.some(({ state }) => state === 'Failed');
  const done = new Set(record.steps.filter(({ state }) => state === 'Succeeded').map(({ id }) => id));
  for (const step of record.steps)
    if (!failed && step.state === 'Waiting' && step.dependsOn.every((id) => done.has(id)))
      startStep(world, { record, step, at });
  if (record.state === 'Running' && !record.steps.some(({ state }) => state === 'Running'))
    finish(world, record, at);
}

interface StepStart {
  record: DeploymentRecord;
  step: DeploymentStep;
  at: number;
}

function startStep(world: ArmWorld, { record, step, at }: StepStart): void {
  step.state = 'Running';
  step.startedAt = at;
  if (!isDeployment(step)) {
    step.endsAt = at + durationOf(world, step);
    return;
  }
  try {
    const source = nestedSource(world, step, contextOf(world, record).context);
    const { scope, template } = source;
    const nested = {
      id: step.id,
      name: step.name,
      subscriptionId: scope.subscriptionId,
      resourceGroup: scope.resourceGroup.name,
      correlationId: record.correlationId,
      parentId: record.id,
      outerScope: hasOuterScope(step),
      mode: 'Incremental' as const,
      acceptedAt: at,
      startsAt: at,
      template,
    };
    addRecord(world, nested, prepare(world, source));
  } catch (error) {
    step.error = errorOf(error);
    step.endsAt = at;
  }
}

function endStep(world: ArmWorld, record: DeploymentRecord, step: DeploymentStep): void {
  const at = step.endsAt ?? record.startsAt;
  try {
    if (!step.error && !isDeployment(step)) deployResource(world, step, contextOf(world, record).context);
  } catch (error) {
    step.error = errorOf(error);
  }
  step.state = step.error ? 'Failed' : 'Succeeded';
  goOn(world, record, at);
}

function finish(world: ArmWorld, record: DeploymentRecord, at: number): void {
  const failures = record.steps.flatMap(({ error }) => (error ? [error] : []));
  if (failures.length > 0) return end(world, record, { at, error: deploymentFailed(record.id, failures) });
  try {
    const { prepared, context } = contextOf(world, record);
    record.outputs = outputsOf(prepared.template, context);
    if (record.mode === 'Complete') removeSurplus(world, record);
    end(world, record, { at });
  } catch (error) {
    end(world, record, { at, error: errorOf(error) });
  }
}

/** Ends a deployment, and with it the step of the deployment that it is nested in. */
function end(
  world: ArmWorld,
  record: DeploymentRecord,
  { at, error }: { at: number; error?: ReturnType<typeof errorOf> },
): void {
  record.state = error ? 'Failed' : 'Succeeded';
  record.endedAt = at;
  if (error) record.error = error;
  const parent = parentOf(world.state, record);
  const step = parent?.steps.find(({ id, state }) => id === record.id && state === 'Running');
  if (!parent || !step) return;
  step.endsAt = at;
  if (error) step.error = error;
  if (isActive(parent)) endStep(world, parent, step);
}

/** Stops a deployment: what runs is not awaited any more and what waits never starts. */
export function cancel(world: ArmWorld, record: DeploymentRecord): void {
  record.state = 'Canceled';
  record.endedAt = world.clock.now();
  for (const step of record.steps) {
    if (step.state !== 'Running' && step.state !== 'Waiting') continue;
    const nested = step.state === 'Running' && world.state.deployments.get(step.id.toLowerCase());
    if (nested && isActive(nested)) cancel(world, nested);
    step.state = 'Canceled';
  }
}
