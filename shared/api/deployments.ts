import type { Ports } from '../engine/engine-ports.ts';
import { newTraceparent } from '../engine/intake-message.ts';
import { MESSAGE_SCHEMA } from '../engine/messages.ts';
import type { Projects, Records, ReleaseRecord } from '../engine/ports.ts';
import { pipelineOf } from '../project/pipeline-of.ts';
import type { ProjectFile } from '../project/project-file.ts';
import { readStoredProject } from '../project/project-file.ts';
import { canonicalJson, sha256 } from '../release/canonical-json.ts';
import type { RunRequested } from '../release/events.ts';
import { newEnvironment } from '../release/model.ts';
import type { Pipeline } from '../release/pipeline.ts';
import { environmentPipeline } from '../release/rollback.ts';
import type { Answer } from './answer.ts';
import { noSuchEnvironment, notFound, problem } from './answer.ts';
import { redeployTarget, targetOfRollback } from './deployment-target.ts';
import type { DeploymentRequest } from './requests.ts';
import { readDeployment, readKey } from './requests.ts';

type DeploymentPorts = Pick<Ports, 'store' | 'bus' | 'clock' | 'releases' | 'kinds'> & {
  readonly projects: Pick<Projects, 'readProject'>;
  readonly records: Pick<Records, 'events'>;
};

/** A redeploy or a rollback as it comes over HTTP. */
export interface DeploymentCall {
  readonly kind: 'redeploy' | 'rollback';
  readonly project: string;
  readonly environment: string;
  /** Header `Idempotency-Key`. */
  readonly key: string | null;
  /** W3C trace context of the caller. */
  readonly traceparent: string | null;
  readonly body: string;
}

/** What was asked for, read, with the id of the run that it is. */
interface Asked {
  readonly call: DeploymentCall;
  readonly request: DeploymentRequest & { readonly confirm: boolean };
  readonly run: string;
  readonly digest: string;
}

/**
 * Takes a redeploy or a rollback: 202 once it is in the queue. The key names the run, so the same request makes the
 * same run however often it is sent; the run plans, waits at its gate and applies like any other.
 */
export async function requestDeployment(ports: DeploymentPorts, call: DeploymentCall): Promise<Answer> {
  const asked = askedIn(call);
  const { project, environment: name } = call;
  const { run, environments } = await ports.store.load(project, asked.run);
  if (run !== null) return repeated(ports, asked, run.release.name);
  const registered = await ports.projects.readProject(project);
  if (registered === null) return notFound(`project ${project}`);
  const file = readStoredProject(registered.settings);
  if (!Object.hasOwn(file.environments, name))
    return noSuchEnvironment(project, Object.keys(file.environments), name);
  const environment = environments.get(name) ?? newEnvironment(name);
  const there = environment.toUndo;
  const wanted = { project, environment, release: asked.request.release ?? null, there };
  const find = call.kind === 'redeploy' ? redeployTarget : targetOfRollback;
  const target = await find(ports.releases, wanted);
  if ('refusal' in target) return target.refusal;
  const parts = { asked, target, from: there, pipeline: pipelineFor(ports, { file, asked, target }) };
  await send(ports, eventOf(parts, ports.clock.now()));
  return accepted(asked, target.name, there);
}

/** @throws UnreadableRequest saying what is missing or wrong */
function askedIn(call: DeploymentCall): Asked {
  const { kind, project, environment } = call;
  const key = readKey(call.key);
  const read = readDeployment(call.body);
  const request = { ...read, confirm: read.confirm ?? kind === 'rollback' };
  const run = `${kind}-${sha256(canonicalJson([project, environment, key])).slice(0, 16)}`;
  return { call, request, run, digest: sha256(canonicalJson(request)) };
}

/** Answers what the first request was answered; the key may not be used for something else. */
async function repeated(ports: DeploymentPorts, asked: Asked, release: string): Promise<Answer> {
  const { project, key } = asked.call;
  const [first] = await ports.records.events(project, asked.run);
  const before = first?.event.type === 'run-requested' ? first.event.asked : undefined;
  if (before?.digest === asked.digest) return accepted(asked, release, before.from);
  return problem(
    422,
    'The key belongs to another request',
    `With Idempotency-Key ${key} run ${asked.run} was asked for, with another body. Send that body, or another key.`,
  );
}

function accepted({ call, run }: Asked, release: string, from: string | null): Answer {
  const looksAt = `/api/projects/${encodeURIComponent(call.project)}/runs/${run}`;
  return {
    status: 202,
    headers: { location: looksAt },
    jsonBody: { accepted: call.kind, run, release, from, looksAt },
  };
}

interface PipelineParts {
  readonly file: ProjectFile;
  readonly asked: Asked;
  readonly target: ReleaseRecord;
}

/** The part of the project's pipeline, as it is registered now, that concerns the environment. */
function pipelineFor({ kinds }: DeploymentPorts, { file, asked, target }: PipelineParts): Pipeline {
  const { environment } = asked.call;
  const build = { id: target.source.build ?? target.name };
  const whole = pipelineOf(file, build, new Set(kinds.keys()));
  const pipeline = environmentPipeline(whole, environment, { gated: true });
  return asked.request.confirm ? confirmed(pipeline) : pipeline;
}

/** Where no approval is needed, the requester is shown the plan and lets it go on. */
function confirmed(pipeline: Pipeline): Pipeline {
  const stages = pipeline.stages.map((stage) => {
    const changes = stage.environment !== null && stage.steps.some(({ phase }) => phase === 'apply');
    if (!changes || stage.gate.approvals > 0) return stage;
    return { ...stage, gate: { ...stage.gate, approvals: 1, approvers: [], requesterMayApprove: true } };
  });
  return { ...pipeline, stages };
}

interface EventParts {
  readonly asked: Asked;
  readonly target: ReleaseRecord;
  readonly from: string | null;
  readonly pipeline: Pipeline;
}

function eventOf({ asked, target, from, pipeline }: EventParts, at: number): RunRequested {
  const { call, request, run, digest } = asked;
  const { kind, project, traceparent } = call;
  return {
    type: 'run-requested',
    ...{ at, project, id: run, kind, pipeline },
    release: { name: target.name, order: target.order },
    requestedBy: request.by,
    why: request.why,
    overridesFreeze: request.overridesFreeze,
    traceparent: traceparent ?? newTraceparent(`${project} ${run}`),
    asked: { digest, from },
  };
}

/** The message has the id of its run, so that the queue drops what is sent twice. */
async function send({ bus }: DeploymentPorts, event: RunRequested): Promise<void> {
  const { project, id: run, traceparent } = event;
  const body = JSON.stringify({ schema: MESSAGE_SCHEMA, project, run, putOff: 0, traceparent, event });
  await bus.send('release-events', [{ id: `${project}.${run}`, body, notBefore: null, traceparent }]);
}
