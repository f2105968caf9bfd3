import type { DatabricksClient } from '../engine/databricks-client.ts';
import type { JobRun, RunEnd } from '../engine/databricks-jobs-client.ts';
import { messageOf, Refusal, TransientFailure } from '../errors.ts';
import type { StepContext, StepKind, StepOutcome } from './step.ts';
import type { Results } from './test-suite/end.ts';
import { readResults, whyRefused } from './test-suite/end.ts';
import { inWords, lastingCause, passingCause } from './test-suite/failure.ts';
import type { Suite, SuiteKind } from './test-suite/file.ts';
import { readSuite, suiteProblems, wrongFile } from './test-suite/file.ts';
import type { Published } from './test-suite/publish.ts';
import { publish, redactFile } from './test-suite/publish.ts';
import { countsOf } from './test-suite/report.ts';
import type { Progress } from './test-suite/run.ts';
import {
  aboutToStart,
  clear,
  findEarlier,
  goOn,
  isIdle,
  progressIn,
  see,
  start,
  stop,
  tooLong,
  waitUntil,
} from './test-suite/run.ts';
import { workspaceOf } from './workspace.ts';

const PAUSE_IN_MS = 60_000;
/** Whatever the attempts before it failed of: no run is started anew after one of this attempt broke off. */
const LAST_ATTEMPT_TO_RUN = 5;
/** Results that cannot be published in this time stay unpublished: Azure DevOps must not hold up a release. */
const LONGEST_PUBLISHING_IN_MS = 30 * 60_000;

/** What one call of the step works with. */
interface Work {
  readonly context: StepContext;
  readonly client: DatabricksClient;
  readonly suite: Suite;
  readonly progress: Progress;
}

/**
 * Makes the step kind of a test suite: a one-time run in the environment's workspace that leaves a JUnit file in a
 * volume. The step asks how the run goes, reads the file, publishes it to Azure DevOps, and refuses the stage unless
 * all tests that ran have passed.
 */
export function testSuite(kind: SuiteKind, summary: string): StepKind {
  return {
    name: kind.name,
    summary,
    check: (context) => suiteProblems(context, kind),
    async apply(context) {
      try {
        return await goThrough(context, kind);
      } catch (error) {
        // What keeps the tests from being run, or their results from being read, is no word about the release.
        if (error instanceof Refusal) return undecided(messageOf(error));
        throw error;
      }
    },
    async cancel(context) {
      const { client } = await workspaceOf(context);
      return stop(context, client.runs);
    },
  };
}

async function goThrough(context: StepContext, kind: SuiteKind): Promise<StepOutcome> {
  const suite = await readSuite(context, kind);
  if (suite === null) return { done: nothingToRun(kind) };
  const { client } = await workspaceOf(context);
  const progress = progressIn(context);
  if (progress === null || progress.clearing !== null) return begin(context, client, suite);
  return proceed({ context, client, suite, progress });
}

/** The stage fails, and nothing is rolled back: nobody knows whether the tests would have passed. */
function undecided(refused: string): StepOutcome {
  return { refused, provesNothing: true };
}

function nothingToRun({ key }: SuiteKind) {
  const counts = { tests: 0, passed: 0, failed: 0, skipped: 0 };
  return { ...counts, testRun: null, page: null, note: `The release has no ${key} in tests.json.` };
}

/**
 * Sees to it that nothing stale is ever read: ends an earlier run that would leave its results at the same place, and takes
 * away what is there. It is a call of its own: the next one may be repeated, and must not take away what its run has
 * written meanwhile.
 */
async function begin(
  context: StepContext,
  { runs, volumes, unityCatalog }: DatabricksClient,
  suite: Suite,
): Promise<StepOutcome> {
  if (context.signal.aborted) throw new Error('the run was cancelled');
  const { key, results, title } = suite;
  const volume = results.split('/').slice(2, 5).join('.');
  if ((await unityCatalog.find('volume', volume)) === null)
    throw wrongFile([`${key}.results is "${results}": there is no such volume, or Slipway may not read it.`]);
  const earlier = await findEarlier(runs, suite);
  if (earlier !== null) {
    const outcome = await clear(context, { runs, earlier, progress: progressIn(context) });
    if (outcome !== 'stuck') return outcome;
    const what = `An earlier run of the ${title}, which leaves its results at the same place, does not end.`;
    return undecided(`${what} End it in Databricks, then retry the stage. ${see(earlier)}`);
  }
  if ((await volumes.size(results)) !== null) await volumes.remove(results);
  return aboutToStart(context);
}

async function proceed(work: Work): Promise<StepOutcome> {
  const { context, client, suite, progress } = work;
  const { runs } = client;
  if (progress.run === null) return start(context, { runs, suite, progress });
  const run = await runs.get(progress.run);
  if (run === null)
    return undecided(
      `The run ${progress.run} of the ${suite.title} is gone from Databricks. Retry the stage to test again.`,
    );
  if (run.end === null) return goOn(context, { runs, suite, progress, run });
  return conclude(work, run, run.end);
}

/** The run is over: what follows from how, and from the file that it left. */
async function conclude(work: Work, run: JobRun, end: RunEnd): Promise<StepOutcome> {
  const { context, client, suite, progress } = work;
  const cause = passingCause(run);
  const wasCancelled = end.result.endsWith('CANCELED');
  if (progress.stopping !== null && (wasCancelled || cause !== null))
    return progress.wasIdle ? undecided(neverBegun(work, run)) : { refused: stopped(work, run) };
  if (cause !== null) return tryAgain(work, run, cause);
  if (wasCancelled) return undecided(cancelled(work, run, end));
  if (end.result === 'TIMEDOUT' && isIdle(run)) return undecided(neverBegun(work, run));
  const lasting = lastingCause(run);
  if (lasting !== null) return undecided(brokeOff(work, run, lasting));
  const results = await readResults(context, client.volumes, suite);
  const evidence = await keepFile(context, results);
  const refused = await whyRefused(client, { suite, run, end, results, evidence });
  if (!('report' in results) || results.report.cases.length === 0)
    return { refused: refused ?? `The ${suite.title} do not show that they passed. ${see(run)}` };
  const published = await publish(context, { suite, run, file: results });
  if ('unfinished' in published && mayPublishAgain(work)) return publishAgain(work, published);
  const { testRun, warning } = told(work, published);
  if (refused !== null) return { refused: warning === null ? refused : `${refused} (${warning})` };
  const notes = warning === null ? {} : { warning };
  return { done: { ...countsOf(results.report), testRun, page: run.page, results: evidence, ...notes } };
}

/** Keeps the file as evidence, whatever it says. @returns its digest; null where there is none. */
async function keepFile({ content, key, log }: StepContext, results: Results): Promise<string | null> {
  if (results.bytes === undefined) return null;
  const digest = await content.put(redactFile(results.bytes));
  log.info('the JUnit file is kept as evidence', { step: key, digest });
  return digest;
}

/**
 * A run that broke off is started anew by the next attempt of the step, which this one has to end for. The looks between
 * two such runs go well, so the count of failures that the step's policy goes by begins anew with them.
 */
function tryAgain(work: Work, run: JobRun, cause: string): StepOutcome {
  const { context, suite, progress } = work;
  if (context.attempt > progress.attempt) return waitUntil(context.clock.now(), null);
  if (context.attempt >= LAST_ATTEMPT_TO_RUN) return undecided(brokeOff(work, run, cause));
  throw new TransientFailure(`The run of the ${suite.title} broke off (${cause}). ${see(run)}`);
}

function stopped({ suite }: Work, run: JobRun): string {
  const advice = `Make them faster, or raise timeout_seconds of ${suite.key} in tests.json.`;
  return `${tooLong(suite)}. ${advice} ${see(run)}`;
}

function neverBegun({ suite }: Work, run: JobRun): string {
  const what = `The ${suite.title} waited for compute until their time was over, which says nothing of the release.`;
  return `${what} See that there is some, then retry the stage. ${see(run)}`;
}

function cancelled({ suite }: Work, run: JobRun, end: RunEnd): string {
  const what = `Somebody cancelled the run of the ${suite.title} in Databricks (${inWords(end)}).`;
  return `${what} Retry the stage to test again. ${see(run)}`;
}

function brokeOff({ suite }: Work, run: JobRun, cause: string): string {
  const what = `The run of the ${suite.title} broke off (${cause}), which says nothing of the release.`;
  return `${what} Mend the cause, then retry the stage. ${see(run)}`;
}

type Unfinished = Extract<Published, { readonly unfinished: unknown }>;

function mayPublishAgain({ context, progress }: Work): boolean {
  const now = context.clock.now();
  return now - (progress.publishing ?? now) < LONGEST_PUBLISHING_IN_MS;
}

function publishAgain({ context, progress }: Work, { unfinished, why }: Unfinished): StepOutcome {
  const now = context.clock.now();
  const next = { ...progress, publishing: progress.publishing ?? now };
  if (unfinished === 'more-to-do') return waitUntil(now, next);
  context.log.warn(`test results are not published yet: ${why}`, { step: context.key });
  return waitUntil(now + PAUSE_IN_MS, next);
}

/** What people are told of publishing. */
function told({ context }: Work, published: Published) {
  const why = 'unfinished' in published ? published.why : published.warning;
  if (why === null) return { testRun: 'testRun' in published ? published.testRun : null, warning: null };
  const warning = `The results are not published in Azure DevOps: ${why}`;
  context.log.warn(warning, { step: context.key });
  return { testRun: null, warning };
}
