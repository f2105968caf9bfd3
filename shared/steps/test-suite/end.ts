import type { DatabricksClient, VolumeFiles } from '../../engine/databricks-client.ts';
import type { JobRun, RunEnd } from '../../engine/databricks-jobs-client.ts';
import { UnreadableInput } from '../../errors.ts';
import { withPatience } from '../patience.ts';
import type { StepContext } from '../step.ts';
import { whatFailed } from './failure.ts';
import type { Suite } from './file.ts';
import type { TestReport } from './report.ts';
import { countsOf, nameFailures } from './report.ts';
import { see } from './run.ts';

const LARGEST_FILE_IN_MB = 20;
const LARGEST_FILE_IN_BYTES = LARGEST_FILE_IN_MB * 1024 * 1024;

/** A JUnit file that was read. */
export interface ResultFile {
  readonly bytes: Uint8Array;
  readonly report: TestReport;
}

/** What a run left at the place of its results: a file, or one sentence why there is none to use. */
export type Results = ResultFile | { readonly useless: string; readonly bytes?: Uint8Array };

/** Reads the JUnit file of a run that has ended. */
export async function readResults(
  { clock }: StepContext,
  volumes: VolumeFiles,
  { results: path }: Suite,
): Promise<Results> {
  const size = await withPatience(
    clock,
    () => volumes.size(path),
    (answer) => answer !== null,
  );
  if (size !== null && size > LARGEST_FILE_IN_BYTES)
    return { useless: `${path} has ${size} bytes, more than ${LARGEST_FILE_IN_MB} MB` };
  const bytes = size === null ? null : await volumes.read(path);
  if (bytes === null) return { useless: `there is no file at ${path}` };
  try {
    // Only a stage of tests needs the parser, so no other start of the function pays for it.
    const { readJunit } = await import('./junit.ts');
    return { bytes, report: readJunit(bytes) };
  } catch (error) {
    if (error instanceof UnreadableInput)
      return { useless: `${path} is no JUnit file (${error.message})`, bytes };
    throw error;
  }
}

/** Why the tests do not let the stage pass; null when they do. */
export async function whyRefused(
  { runs }: Pick<DatabricksClient, 'runs'>,
  {
    suite,
    run,
    end,
    results,
    evidence,
  }: {
    readonly suite: Suite;
    readonly run: JobRun;
    readonly end: RunEnd;
    readonly results: Results;
    /** Digest of the file as it is kept. */
    readonly evidence: string | null;
  },
): Promise<string | null> {
  const { title } = suite;
  const where = evidence === null ? see(run) : `The JUnit file is kept as content ${evidence}. ${see(run)}`;
  const report = 'report' in results ? results.report : null;
  const counts = countsOf(report ?? { cases: [], declaredFailures: 0 });
  if (report !== null && counts.failed > 0)
    return `${counts.failed} of ${counts.tests} ${title} failed: ${nameFailures(report)}. ${where}`;
  if (end.result !== 'SUCCESS') {
    const none =
      counts.tests === 0 ? `${suite.results} holds no tests` : `none of its ${counts.tests} tests failed`;
    const instead = 'useless' in results ? results.useless : none;
    const how = end.result === 'TIMEDOUT' ? 'was ended by its time limit' : `ended ${end.result}`;
    return `The run of the ${title} ${how}, and ${instead}: ${await whatFailed(runs, run)}. ${where}`;
  }
  const useless = 'useless' in results ? results.useless : whyUseless(suite, results.report);
  return useless === null
    ? null
    : `The ${title} do not show that they passed, although their run ended in success: ${useless}. ${where}`;
}

function whyUseless({ results: path }: Suite, report: TestReport): string | null {
  const { tests, passed } = countsOf(report);
  if (report.declaredFailures > 0)
    return `${path} counts ${report.declaredFailures} failures and lists none of them`;
  if (tests === 0) return `${path} holds no tests`;
  return passed === 0 ? `all ${tests} tests in ${path} were skipped` : null;
}
