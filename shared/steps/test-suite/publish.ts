import * as z from 'zod';
import type { TestResult, TestRun, TestRuns } from '../../engine/azure-devops-tests-client.ts';
import { LONGEST_TEST_NAME, MOST_RESULTS_A_CALL } from '../../engine/azure-devops-tests-client.ts';
import type { JobRun } from '../../engine/databricks-jobs-client.ts';
import { messageOf, Refusal, redact, TransientFailure } from '../../errors.ts';
import type { StepContext } from '../step.ts';
import type { ResultFile } from './end.ts';
import type { Suite } from './file.ts';
import type { TestCase } from './report.ts';
import { cutTo, fullName } from './report.ts';

/** Publishing that takes longer goes on in another invocation. */
const LONGEST_IN_MS = 45_000;

const inputShape = z.object({ organization: z.string(), project: z.string(), build: z.string() });

/** What became of publishing. It never decides the stage. */
export type Published =
  | { readonly testRun: string | null; readonly warning: string | null }
  | { readonly unfinished: 'more-to-do' | 'try-again'; readonly why: string };

/** The test run of one run in Databricks: its name tells it from all others. */
interface Publication {
  readonly tests: TestRuns;
  readonly project: string;
  readonly build: string;
  readonly suite: Suite;
  readonly run: JobRun;
  readonly file: ResultFile;
}

/**
 * Publishes a JUnit file as a test run of the release's build: names, durations, messages, and the file itself. What
 * is there already, from a call whose answer was lost, is not made again.
 */
export async function publish(
  context: StepContext,
  about: Pick<Publication, 'suite' | 'run' | 'file'>,
): Promise<Published> {
  const input = inputShape.safeParse(context.input);
  if (!input.success)
    return { testRun: null, warning: 'The pipeline of this run does not say which build it releases.' };
  const { organization, project, build } = input.data;
  const { tests } = context.clients.azureDevOps(organization);
  try {
    return await publishIn(context, { tests, project, build, ...about });
  } catch (error) {
    if (error instanceof TransientFailure) return { unfinished: 'try-again', why: messageOf(error) };
    if (error instanceof Refusal) return { testRun: null, warning: messageOf(error) };
    throw error;
  }
}

const LATE = { unfinished: 'more-to-do', why: 'it answers too slowly' } as const;

/** Each request may be held back for half a minute, so each is made only while there is time left for it. */
async function publishIn(context: StepContext, publication: Publication): Promise<Published> {
  const { tests, project, run, file, suite } = publication;
  const end = context.clock.now() + LONGEST_IN_MS;
  const isLate = () => context.clock.now() > end || context.signal.aborted;
  const testRun = await testRunOf(context, publication, isLate);
  if (testRun?.state === 'Completed') return { testRun: testRun.id, warning: null };
  if (testRun === null || isLate()) return LATE;
  const { id } = testRun;
  const missing = without(file.report.cases.map(toResult), await tests.publishedNames(project, id));
  for (let first = 0; first < missing.length; first += MOST_RESULTS_A_CALL) {
    if (isLate()) return LATE;
    await tests.addResults(project, id, missing.slice(first, first + MOST_RESULTS_A_CALL));
  }
  if (isLate()) return LATE;
  const name = `${suite.name}.xml`;
  const isAttached = (await tests.attachments(project, id)).includes(name);
  if (isLate()) return LATE;
  if (!isAttached) await tests.attach(project, id, { name, bytes: redactFile(file.bytes) });
  if (isLate()) return LATE;
  await tests.complete(project, id, run.end?.at ?? context.clock.now());
  return { testRun: id, warning: null };
}

/**
 * Finds the test run, or makes it; null when it is too late for that. The id in its name is that of the one run in
 * Databricks that it tells of.
 */
async function testRunOf(
  context: StepContext,
  publication: Publication,
  isLate: () => boolean,
): Promise<TestRun | null> {
  const { tests, project, build, suite, run } = publication;
  const what = `${context.project}: ${suite.name} of ${context.run.release} in ${context.environment}`;
  const which = ` (Databricks run ${run.id})`;
  const name = cutTo(what, LONGEST_TEST_NAME - which.length) + which;
  const known = (await tests.ofBuild(project, build)).find((each) => each.name === name);
  if (known !== undefined || isLate()) return known ?? null;
  const comment = `Published by Slipway, run ${context.key}. ${run.page}`.trim();
  return tests.create(project, { name, comment, build, startedAt: run.startedAt });
}

/** The results that are not among the published ones. Names may stand there more than once. */
function without(results: readonly TestResult[], published: readonly string[]): TestResult[] {
  const counts = new Map<string, number>();
  for (const name of published) counts.set(name, (counts.get(name) ?? 0) + 1);
  return results.filter(({ name }) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count - 1);
    return count <= 0;
  });
}

const OUTCOMES = { passed: 'Passed', failed: 'Failed', error: 'Failed', skipped: 'NotExecuted' } as const;

function toResult(test: TestCase): TestResult {
  const { name, className, outcome, durationInMs, message, trace } = test;
  return {
    title: cutTo(redact(name), LONGEST_TEST_NAME),
    name: cutTo(redact(fullName(test)), LONGEST_TEST_NAME),
    storage: cutTo(redact(className || name), LONGEST_TEST_NAME),
    outcome: OUTCOMES[outcome],
    durationInMs,
    errorMessage: redact(message),
    stackTrace: redact(trace),
  };
}

/** The file without what looks like a secret. Between its tags, so that it stays XML. */
export function redactFile(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  return new TextEncoder().encode(text.replace(/[^<]+/g, redact));
}
