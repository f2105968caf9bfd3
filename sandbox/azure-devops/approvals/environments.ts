import { type Context, dateOf, nextNumber } from '../context.ts';
import { addPerson, identityOf, personNamed } from '../people.ts';
import { projectNamed } from '../projects.ts';
import type { Environment } from './rows.ts';
import { APPROVAL_TYPE, DEFAULT_TIMEOUT_IN_MINUTES } from './settings.ts';

/** An environment to add, with who approves its deployments. */
export interface NewEnvironment {
  project: string;
  name: string;
  description?: string;
  /** Names of people and groups; without any, nothing gates the environment. */
  approvers?: readonly string[];
  /** 0, the default: all of them. */
  minRequiredApprovers?: number;
  requesterCannotBeApprover?: boolean;
  executionOrder?: 'anyOrder' | 'inSequence';
  instructions?: string;
  /** Default 30 days. */
  timeoutInMinutes?: number;
  /** Every pipeline may use it (default). Otherwise a pipeline waits for permission the first time. */
  open?: boolean;
}

/** Adds an environment, or changes the one of that name. Throws when a project or an approver is unknown. */
export function addEnvironment(context: Context, given: NewEnvironment): Environment {
  const project = projectNamed(context, given.project);
  const environment = environmentNamed(context, project.id, given.name);
  environment.open = given.open ?? true;
  environment.description = given.description ?? environment.description;
  for (const check of context.state.checks.values()) {
    if (check.resource.id === String(environment.id)) context.state.checks.delete(check.id);
  }
  if (given.approvers && given.approvers.length > 0) addApprovalCheck(context, environment, given);
  return environment;
}

function addApprovalCheck(context: Context, environment: Environment, given: NewEnvironment): void {
  const approvers = (given.approvers ?? []).map((name) => {
    const { id, displayName } = personNamed(context, name);
    return { id, displayName };
  });
  const id = nextNumber(context.state, 'check', 19);
  const { createdById, createdAt, projectId } = environment;
  context.state.checks.set(id, {
    id,
    projectId,
    resource: { type: 'environment', id: String(environment.id), name: environment.name },
    type: APPROVAL_TYPE,
    settings: {
      approvers,
      executionOrder: given.executionOrder ?? 'anyOrder',
      minRequiredApprovers: given.minRequiredApprovers ?? 0,
      instructions: given.instructions ?? '',
      blockedApprovers: [],
      requesterCannotBeApprover: given.requesterCannotBeApprover ?? false,
    },
    timeoutInMinutes: given.timeoutInMinutes ?? DEFAULT_TIMEOUT_IN_MINUTES,
    isDisabled: false,
    createdById,
    createdAt,
    changedById: createdById,
    changedAt: createdAt,
  });
}

/** The environment of that name; made when it is new, as a pipeline that names it does. */
export function environmentNamed(context: Context, projectId: string, name: string): Environment {
  const known = [...context.state.environments.values()].find(
    (its) => its.projectId === projectId && its.name.toLowerCase() === name.toLowerCase(),
  );
  if (known) return known;
  const id = nextNumber(context.state, 'environment', 7);
  const createdById = addPerson(context, { displayName: 'Project Collection Administrator' }).id;
  const base = { id, projectId, name, description: '', createdById, createdAt: context.clock.now() };
  const environment = { ...base, open: true, permittedPipelines: new Set<number>() };
  context.state.environments.set(id, environment);
  return environment;
}

/** The wire form of an environment. */
export function renderEnvironment(context: Context, environment: Environment) {
  const { id, name, description, createdById, createdAt, projectId } = environment;
  const created = { createdBy: identityOf(context, createdById), createdOn: dateOf(createdAt) };
  return {
    id,
    name,
    description,
    ...created,
    lastModifiedBy: created.createdBy,
    lastModifiedOn: created.createdOn,
    project: { id: projectId, name: context.state.projects.get(projectId)?.name ?? '' },
  };
}
