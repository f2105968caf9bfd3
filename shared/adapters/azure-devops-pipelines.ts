import type * as z from 'zod';
import type { AzureDevOpsClient, PipelineApproval, PipelineRun } from '../engine/azure-devops-client.ts';
import { Refusal } from '../errors.ts';
import type { AzureDevOpsCall } from './azure-devops-call.ts';
import type { TimelineRecord } from './azure-devops-shapes.ts';
import { approval, environment, instantOf, listOf, run, timeline } from './azure-devops-shapes.ts';
import { segment } from './http.ts';

/** Environments are documented as a preview only. */
const PREVIEW = '7.1-preview.1';

/** Runs of pipelines. */
export function pipelineRuns(call: AzureDevOpsCall): Pick<AzureDevOpsClient, 'run' | 'runs' | 'startRun'> {
  const runsOf = (project: string, pipeline: string) =>
    `/${segment(project)}/_apis/pipelines/${segment(pipeline)}/runs`;
  return {
    async run(project, reference) {
      const path = `${runsOf(project, reference.pipeline)}/${segment(reference.run)}`;
      const found = await call.read(run, { method: 'GET', path });
      return found === null ? null : toRun(found);
    },
    async runs(project, pipeline) {
      const list = await call.read(listOf(run), { method: 'GET', path: runsOf(project, pipeline) });
      return (list?.value ?? []).map(toRun);
    },
    async startRun(project, pipeline, parameters) {
      const json = { templateParameters: parameters };
      const started = await call.read(run, { method: 'POST', path: runsOf(project, pipeline), json });
      if (started !== null) return toRun(started);
      throw new Refusal(`Project ${project} of Azure DevOps has no pipeline ${pipeline}.`);
    },
  };
}

/** Approvals of the stages of pipeline runs. */
export function approvals(
  call: AzureDevOpsCall,
): Pick<AzureDevOpsClient, 'approval' | 'placeOfApproval' | 'environment'> {
  return {
    async approval(project, id) {
      const path = `/${segment(project)}/_apis/pipelines/approvals/${segment(id)}`;
      const found = await call.read(approval, { method: 'GET', path, query: { $expand: 'steps' } });
      return found === null ? null : toApproval(found);
    },
    async placeOfApproval(project, runId, approvalId) {
      const path = `/${segment(project)}/_apis/build/builds/${segment(runId)}/timeline`;
      const found = await call.read(timeline, { method: 'GET', path });
      return placeIn(found?.records ?? [], approvalId);
    },
    async environment(project, name) {
      const path = `/${segment(project)}/_apis/distributedtask/environments`;
      const query = { name, 'api-version': PREVIEW };
      const list = await call.read(listOf(environment), { method: 'GET', path, query });
      const found = list?.value.find((its) => its.name.toLowerCase() === name.toLowerCase());
      return found?.id ?? null;
    },
  };
}

function toApproval({ id, status, createdOn, steps }: z.infer<typeof approval>): PipelineApproval {
  return {
    id,
    status,
    createdAt: instantOf(createdOn) ?? 0,
    steps: (steps ?? []).map((step) => {
      const { actualApprover: person } = step;
      const actualApprover =
        person == null ? null : { id: person.id, name: person.displayName ?? person.uniqueName ?? person.id };
      const decidedAt = instantOf(step.lastModifiedOn);
      return { status: step.status, actualApprover, comment: step.comment ?? '', decidedAt };
    }),
  };
}

function toRun(found: z.infer<typeof run>): PipelineRun {
  const { id, name, state, result = null, createdDate, pipeline, templateParameters, resources } = found;
  const texts = Object.entries(templateParameters ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const used = Object.values(resources?.pipelines ?? {}).map((its) => ({
    pipeline: its.pipeline.id,
    version: its.version ?? '',
  }));
  const createdAt = instantOf(createdDate) ?? 0;
  const parameters = Object.fromEntries(texts);
  return { id, pipeline: pipeline.id, name, state, result, createdAt, parameters, resources: used };
}

/** An approval hangs on the checkpoint of its stage, and has its own id there. */
function placeIn(records: readonly TimelineRecord[], approvalId: string) {
  const wanted = approvalId.toLowerCase();
  const byId = new Map(records.map((record) => [record.id.toLowerCase(), record]));
  let record = byId.get(wanted);
  if (record?.type !== 'Checkpoint.Approval') return null;
  for (let steps = 0; record !== undefined && record.type !== 'Stage' && steps < 5; steps += 1)
    record = byId.get((record.parentId ?? '').toLowerCase());
  if (record?.type !== 'Stage') return null;
  return { stage: record.identifier ?? record.name ?? '', attempt: record.attempt ?? 1 };
}
