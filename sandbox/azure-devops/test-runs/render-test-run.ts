import { projectUrl } from '../builds/render-build.ts';
import { type Context, dateOf } from '../context.ts';
import { identityOf } from '../people.ts';
import type { Attachment, TestResult, TestRun } from './rows.ts';

/** The wire form of a test run; it counts its results anew each time. */
export function renderTestRun(context: Context, run: TestRun) {
  const { completedAt, buildId, comment, errorMessage } = run;
  return {
    id: run.id,
    name: run.name,
    url: urlOf(context, run),
    ...(buildId === undefined ? {} : { build: buildOf(context, run, buildId) }),
    isAutomated: run.isAutomated,
    owner: identityOf(context, run.ownerId),
    project: projectOf(context, run),
    startedDate: dateOf(run.startedAt),
    ...(completedAt === undefined ? {} : { completedDate: dateOf(completedAt) }),
    state: run.state,
    ...countsOf(run),
    createdDate: dateOf(run.createdAt),
    lastUpdatedDate: dateOf(run.changedAt),
    lastUpdatedBy: identityOf(context, run.ownerId),
    ...(comment === '' ? {} : { comment }),
    ...(errorMessage === '' ? {} : { errorMessage }),
    revision: run.revision,
    webAccessUrl: `${projectUrl(context, run.projectId)}/_TestManagement/Runs#runId=${run.id}`,
  };
}

function countsOf({ results }: TestRun) {
  const counted = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  const outcomes = [...new Set(results.map(({ outcome }) => outcome))];
  const incomplete = counted('None') + counted('Unspecified') + counted('InProgress');
  return {
    totalTests: results.length,
    incompleteTests: incomplete,
    notApplicableTests: counted('NotApplicable'),
    passedTests: counted('Passed'),
    unanalyzedTests: counted('Failed'),
    runStatistics: outcomes.map((outcome) => ({ state: 'Completed', outcome, count: counted(outcome) })),
  };
}

export function renderResult(context: Context, run: TestRun, result: TestResult) {
  return {
    ...result.given,
    id: result.id,
    outcome: result.outcome,
    state: 'Completed',
    project: projectOf(context, run),
    testRun: { id: String(run.id), name: run.name, url: urlOf(context, run) },
    lastUpdatedBy: identityOf(context, run.ownerId),
    createdDate: dateOf(result.createdAt),
    url: `${urlOf(context, run)}/Results/${result.id}`,
  };
}

export function renderAttachment(context: Context, run: TestRun, attachment: Attachment) {
  const { id, fileName, comment, content, createdAt } = attachment;
  const url = attachmentUrl(context, run, attachment);
  const attachmentType = 'generalAttachment';
  return { id, fileName, comment, size: content.length, createdDate: dateOf(createdAt), url, attachmentType };
}

export function attachmentUrl(context: Context, run: TestRun, { id, resultId }: Attachment): string {
  const owner = resultId === undefined ? '' : `/Results/${resultId}`;
  return `${urlOf(context, run)}${owner}/Attachments/${id}`;
}

function buildOf(context: Context, { projectId }: TestRun, buildId: number) {
  const name = context.state.builds.get(buildId)?.buildNumber ?? '';
  return {
    id: String(buildId),
    name,
    url: `${projectUrl(context, projectId)}/_apis/build/Builds/${buildId}`,
  };
}

function projectOf({ state }: Context, { projectId }: TestRun) {
  return { id: projectId, name: state.projects.get(projectId)?.name ?? '' };
}

function urlOf(context: Context, { projectId, id }: TestRun): string {
  return `${projectUrl(context, projectId)}/_apis/test/Runs/${id}`;
}
