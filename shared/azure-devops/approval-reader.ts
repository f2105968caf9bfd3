import type { AzureDevOpsClient, PipelineApproval, PipelineRun } from '../engine/azure-devops-client.ts';
import type { Clients } from '../engine/clients.ts';
import type { Clock } from '../engine/ports.ts';
import type { Meaning } from '../engine/take-intake.ts';
import type { WebhookEvent } from '../engine/webhook-events.ts';
import type { ApprovalReader } from '../project/directory.ts';
import type { ProjectFile } from '../project/project-file.ts';
import type { ApprovalGiven } from '../release/events.ts';
import type { SearchPorts, Waiting } from './waiting-stage.ts';
import { findWaiting } from './waiting-stage.ts';

type ApprovalEvent = Exclude<WebhookEvent, { type: 'build-completed' }>;

export interface ApprovalReaderParts extends SearchPorts {
  readonly clients: Pick<Clients, 'azureDevOps'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Makes the reader of approvals. An event only says where to look: the approval, its place in the pipeline run, that
 * run and the environment are read back from Azure DevOps, whatever the event claims of them.
 */
export function approvalReader(parts: ApprovalReaderParts): ApprovalReader {
  return {
    async meaningOf(event, projects): Promise<Meaning> {
      const candidates = projects.filter(({ azureDevOps: { releasePipeline } }) =>
        event.pipeline === null ? releasePipeline !== undefined : releasePipeline === event.pipeline,
      );
      const meaning = await meaningAmong(parts, event, candidates);
      if (meaning !== null) return meaning;
      const pipeline = event.pipeline === null ? 'its pipeline' : `pipeline ${event.pipeline}`;
      const ignored =
        candidates.length === 0
          ? `${pipeline} is the releasePipeline of no registered project`
          : `approval ${event.approval} is in no project of Azure DevOps that is registered`;
      return { project: null, ignored };
    },
  };
}

/**
 * Pipelines of different organisations may have one number, and projects may share one: what one of them can do
 * nothing with, or cannot be asked about, may be for another.
 */
async function meaningAmong(
  parts: ApprovalReaderParts,
  event: ApprovalEvent,
  candidates: readonly ProjectFile[],
): Promise<Meaning | null> {
  let ignored: Meaning | null = null;
  const errors: unknown[] = [];
  for (const file of candidates) {
    try {
      const meaning = await meaningFor(parts, event, file);
      if (meaning !== null && !('ignored' in meaning)) return meaning;
      ignored ??= meaning;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return ignored;
}

/** Null: the approval is none of this project. */
async function meaningFor(
  parts: ApprovalReaderParts,
  event: ApprovalEvent,
  file: ProjectFile,
): Promise<Meaning | null> {
  const { project, azureDevOps } = file;
  const client = parts.clients.azureDevOps(azureDevOps.organization);
  const approval = await client.approval(azureDevOps.project, event.approval);
  if (approval === null) return null;
  const read = await readBack(client, event, file);
  if (typeof read === 'string') return { project, ignored: read };
  const waiting = await findWaiting(parts, { file, event, pipelineRun: read });
  if (typeof waiting === 'string') return { project, ignored: waiting };
  return decisionOf({ event, approval, waiting, project, now: parts.clock.now() });
}

/** The pipeline run that the approval really stands in, or why it does not count. */
async function readBack(
  client: AzureDevOpsClient,
  event: ApprovalEvent,
  { azureDevOps }: ProjectFile,
): Promise<PipelineRun | string> {
  const { project, releasePipeline = '' } = azureDevOps;
  const pipelineRun = await client.run(project, { pipeline: releasePipeline, run: event.pipelineRun });
  if (pipelineRun === null) return `pipeline ${releasePipeline} has no run ${event.pipelineRun}`;
  const place = await client.placeOfApproval(project, event.pipelineRun, event.approval);
  if (place === null)
    return `approval ${event.approval} is none of pipeline run ${event.pipelineRun}'s latest attempts`;
  if (place.stage !== event.pipelineStage || String(place.attempt) !== event.attempt)
    return (
      `approval ${event.approval} stands in stage ${place.stage}, attempt ${place.attempt}, ` +
      `not in ${event.pipelineStage}, attempt ${event.attempt}`
    );
  const environment = await client.environment(project, event.environment.name);
  if (environment !== event.environment.id)
    return `environment ${event.environment.name} of Azure DevOps is not number ${event.environment.id}`;
  return pipelineRun;
}

interface Decision {
  readonly event: ApprovalEvent;
  readonly approval: PipelineApproval;
  readonly waiting: Waiting;
  readonly project: string;
  readonly now: number;
}

/** What people said, as events of the run; whether it counts there is for the run to say. */
function decisionOf({ event, approval, waiting, project, now }: Decision): Meaning {
  const { status } = approval;
  const { run, stage } = waiting;
  if (status === 'pending')
    return {
      project,
      run,
      done: `approval ${event.approval} of stage ${stage} waits for people in Azure DevOps`,
    };
  if (status !== 'approved' && status !== 'rejected')
    return {
      project,
      ignored: `approval ${event.approval} ended ${status}: nobody has approved or rejected`,
    };
  const late = waiting.planHash === null ? whyEarly(approval, waiting) : null;
  if (late !== null) return { project, ignored: late };
  const planHash = waiting.planHash ?? waiting.currentHash;
  const type = status === 'approved' ? 'approval-granted' : 'approval-rejected';
  const events = approval.steps
    .filter((step) => step.status === status && step.actualApprover !== null)
    .map((step): ApprovalGiven => {
      const by = step.actualApprover ?? { id: '', name: '' };
      return { type, at: now, stage, planHash, by, comment: step.comment };
    });
  if (events.length === 0)
    return { project, ignored: `approval ${event.approval} is ${status} by nobody known` };
  return { project, run, events: type === 'approval-granted' ? events : events.slice(0, 1) };
}

/**
 * A pipeline run that names no plan speaks of the plan that stood at the gate when people decided: a decision made
 * before this plan stood there was about something else.
 */
function whyEarly({ id, steps }: PipelineApproval, { stage, gateOpenedAt }: Waiting): string | null {
  const early = steps.some(({ decidedAt }) => decidedAt !== null && decidedAt < gateOpenedAt);
  return early
    ? `approval ${id} was given before the plan of stage ${stage} was at its gate: approve again`
    : null;
}
