import * as z from 'zod';
import type { TestResult, TestRun, TestRuns } from '../engine/azure-devops-tests-client.ts';
import { Refusal } from '../errors.ts';
import type { AzureDevOpsCall } from './azure-devops-call.ts';
import { id, listOf } from './azure-devops-shapes.ts';
import { segment } from './http.ts';

/** The service cuts error messages here. */
const LONGEST_MESSAGE = 4000;
/** What the documentation allows for a stack trace. */
const LONGEST_TRACE = 1000;
const RUNS_A_PAGE = 100;
const RESULTS_A_PAGE = 1000;

const testRun = z.object({ id, name: z.string(), state: z.string(), webAccessUrl: z.string().nullish() });
const testResult = z.object({ automatedTestName: z.string().nullish() });
const attachment = z.object({ fileName: z.string() });
const anything = z.unknown();

/** Test runs (API 7.1). */
export function testRuns(call: AzureDevOpsCall): TestRuns {
  return { ...runsOf(call), ...contentsOf(call) };
}

const runs = (project: string) => `/${segment(project)}/_apis/test/runs`;
const one = (project: string, run: string) => `${runs(project)}/${segment(run)}`;

function runsOf(call: AzureDevOpsCall): Pick<TestRuns, 'ofBuild' | 'create' | 'complete'> {
  return {
    async ofBuild(project, build) {
      const query = { buildUri: `vstfs:///Build/Build/${build}`, automated: true };
      const found = await pages(call, testRun, { path: runs(project), query, size: RUNS_A_PAGE });
      return found.map(toRun).sort((left, right) => Number(left.id) - Number(right.id));
    },
    async create(project, { name, comment, build, startedAt }) {
      const startDate = new Date(startedAt).toISOString();
      const json = { name, comment, build: { id: build }, automated: true, state: 'InProgress', startDate };
      const made = await call.read(testRun, { method: 'POST', path: runs(project), json });
      if (made !== null) return toRun(made);
      throw new Refusal(
        `Azure DevOps has no project ${project} or no build ${build} to publish test results to.`,
      );
    },
    async complete(project, run, endedAt) {
      const json = { state: 'Completed', completedDate: new Date(endedAt).toISOString() };
      // Completing it again changes nothing.
      const request = { method: 'PATCH', path: one(project, run), json, idempotent: true } as const;
      found(await call.read(testRun, request), run);
    },
  };
}

/** Results and files of a run. */
function contentsOf(call: AzureDevOpsCall): Omit<TestRuns, 'ofBuild' | 'create' | 'complete'> {
  return {
    async publishedNames(project, run) {
      const path = `${one(project, run)}/results`;
      const found = await pages(call, testResult, { path, query: {}, size: RESULTS_A_PAGE });
      return found.map(({ automatedTestName }) => automatedTestName ?? '');
    },
    async addResults(project, run, results) {
      const path = `${one(project, run)}/results`;
      found(await call.read(anything, { method: 'POST', path, json: results.map(toWire) }), run);
    },
    async attachments(project, run) {
      const path = `${one(project, run)}/attachments`;
      const list = found(await call.read(listOf(attachment), { method: 'GET', path }), run);
      return list.value.map(({ fileName }) => fileName);
    },
    async attach(project, run, { name, bytes }) {
      const path = `${one(project, run)}/attachments`;
      const stream = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      const json = { stream, fileName: name, attachmentType: 'GeneralAttachment' };
      found(await call.read(anything, { method: 'POST', path, json }), run);
    },
  };
}

/** @throws Refusal when the answer was that there is no such test run. */
function found<Answer>(answer: Answer | null, run: string): Answer {
  if (answer !== null) return answer;
  throw new Refusal(`Azure DevOps has no test run ${run} any more: somebody deleted it.`);
}

function toRun({ id: runId, name, state, webAccessUrl }: z.infer<typeof testRun>): TestRun {
  return { id: runId, name, state, page: webAccessUrl ?? '' };
}

function toWire({ title, name, storage, outcome, durationInMs, errorMessage, stackTrace }: TestResult) {
  return {
    testCaseTitle: title,
    automatedTestName: name,
    automatedTestStorage: storage,
    automatedTestType: 'JUnit',
    outcome,
    state: 'Completed',
    durationInMs,
    ...(errorMessage === '' ? {} : { errorMessage: errorMessage.slice(0, LONGEST_MESSAGE) }),
    // The end of a trace says where it broke.
    ...(stackTrace === '' ? {} : { stackTrace: stackTrace.slice(-LONGEST_TRACE) }),
  };
}

interface Pages {
  readonly path: string;
  readonly query: Readonly<Record<string, string | boolean>>;
  /** How many items a page holds. */
  readonly size: number;
}

/** Every item of a list that comes in pages; a page that is not full is the last. */
async function pages<Item extends z.ZodType>(
  call: AzureDevOpsCall,
  item: Item,
  { path, query, size }: Pages,
): Promise<z.infer<Item>[]> {
  const items: z.infer<Item>[] = [];
  for (;;) {
    const page = { ...query, $top: size, $skip: items.length };
    const list = await call.read(listOf(item), { method: 'GET', path, query: page });
    items.push(...(list?.value ?? []));
    if ((list?.value.length ?? 0) < size) return items;
  }
}
