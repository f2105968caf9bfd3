import { z } from 'zod';
import type { ControlRoute } from '../twin/control.ts';
import type { Actions } from './actions.ts';
import type { Manners } from './gatekeeping.ts';
import { disturbingShape } from './hooks/disturb.ts';

const names = z.array(z.string()).optional();

const person = z.object({ displayName: z.string(), uniqueName: z.string().optional(), members: names });
const project = z.object({ name: z.string(), description: z.string().optional() });
const stages = z.array(
  z.object({ name: z.string(), environment: z.string().optional(), holds: z.boolean().optional() }),
);
const environment = z.object({
  project: z.string(),
  name: z.string(),
  approvers: names,
  minRequiredApprovers: z.int().optional(),
  requesterCannotBeApprover: z.boolean().optional(),
  executionOrder: z.enum(['anyOrder', 'inSequence']).optional(),
  instructions: z.string().optional(),
  timeoutInMinutes: z.number().optional(),
  open: z.boolean().optional(),
});
const variable = z.union([z.string(), z.object({ value: z.string(), isSecret: z.boolean().optional() })]);
const variableGroup = z.object({
  project: z.string(),
  name: z.string(),
  vault: z.string().optional(),
  variables: z.record(z.string(), variable),
});
const build = z.object({
  project: z.string(),
  definition: z.string(),
  buildNumber: z.string().optional(),
  branch: z.string().optional(),
  commit: z.string(),
  result: z.enum(['succeeded', 'partiallySucceeded', 'failed', 'canceled']).optional(),
  requestedFor: z.string().optional(),
  artifacts: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])).optional(),
  artifactKind: z.enum(['Container', 'PipelineArtifact']).optional(),
});
const run = z.object({
  project: z.string(),
  pipeline: z.string(),
  stages: stages.optional(),
  requestedFor: z.string().optional(),
  branch: z.string().optional(),
  commit: z.string().optional(),
  templateParameters: z.record(z.string(), z.unknown()).optional(),
});
const choice = {
  approvalId: z.string().optional(),
  runId: z.int().optional(),
  stage: z.string().optional(),
};
const decision = z.object({
  ...choice,
  person: z.string(),
  status: z.enum(['approved', 'rejected', 'timedOut']),
  comment: z.string().optional(),
});
const pullRequest = z.object({
  project: z.string(),
  repository: z.string().optional(),
  title: z.string(),
  sourceBranch: z.string(),
  targetBranch: z.string().optional(),
  commit: z.string(),
  createdBy: z.string().optional(),
});
const push = z.object({ pullRequestId: z.int(), commit: z.string(), by: z.string().optional() });
const manners = z.object({ errorsBeginWithMark: z.boolean() });

/** Control routes below `/_twin`, one for each action that a person at the sandbox needs. */
export function controlsOf(actions: Actions, current: Manners): ControlRoute[] {
  const post = (path: string, handle: (body: unknown) => unknown): ControlRoute => ({
    method: 'POST',
    path,
    handle,
  });
  return [
    post('/people', (body) => actions.addPerson(given(person, body))),
    post('/projects', (body) => {
      const { name, description } = project.parse(body);
      return actions.addProject(name, description);
    }),
    post('/environments', (body) => idOf(actions.addEnvironment(given(environment, body)))),
    post('/variable-groups', (body) => idOf(actions.addVariableGroup(given(variableGroup, body)))),
    post('/builds', (body) => idOf(actions.publishBuild(given(build, body)))),
    post('/runs', (body) => idOf(actions.startRun(given(run, body)))),
    post('/approvals', (body) => decide(actions, given(decision, body))),
    post('/pull-requests', (body) => idOf(actions.openPullRequest(given(pullRequest, body)))),
    post('/pushes', (body) => idOf(actions.pushToPullRequest(given(push, body)))),
    post('/disturbances', (body) => actions.disturb(disturbingShape.parse(body))),
    { method: 'PUT', path: '/manners', handle: (body) => void Object.assign(current, manners.parse(body)) },
  ];
}

function decide(actions: Actions, { status, ...rest }: Given<typeof decision>) {
  return idOf(
    status === 'timedOut' ? actions.timeOutApproval(rest) : actions.decideApproval({ ...rest, status }),
  );
}

function idOf({ id }: { id: string | number }) {
  return { id };
}

/** What a shape reads, with absent fields left out: actions tell absent from undefined. */
type Given<Shape extends z.ZodType> = WithoutUndefined<z.infer<Shape>>;
type WithoutUndefined<T> = T extends readonly (infer Item)[]
  ? WithoutUndefined<Item>[]
  : T extends object
    ? { [Name in keyof T]: WithoutUndefined<Exclude<T[Name], undefined>> }
    : T;

function given<Shape extends z.ZodType>(shape: Shape, body: unknown): Given<Shape> {
  return z.custom<Given<Shape>>().parse(JSON.parse(JSON.stringify(shape.parse(body))));
}
