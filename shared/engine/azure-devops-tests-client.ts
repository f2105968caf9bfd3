import type { Instant } from '../release/model.ts';

/** A run of tests that was published to Azure DevOps. */
export interface TestRun {
  readonly id: string;
  readonly name: string;
  /** `NotStarted`, `InProgress`, `Waiting`, `Completed`, `Aborted`, … */
  readonly state: string;
  /** For people. Never followed by us. */
  readonly page: string;
}

/** What is known of a test run before its results. */
export interface NewTestRun {
  readonly name: string;
  /** For people. */
  readonly comment: string;
  /** Id of the build whose code was tested. */
  readonly build: string;
  readonly startedAt: Instant;
}

/**
 * One test as Azure DevOps shows it. Title, name and storage have at most `LONGEST_TEST_NAME` characters; of a longer
 * message the beginning is sent, of a longer trace the end.
 */
export interface TestResult {
  /** As people read it. */
  readonly title: string;
  /** The full name, by which Azure DevOps finds the same test in other runs. Not always unique. */
  readonly name: string;
  /** File or class that holds the test. */
  readonly storage: string;
  readonly outcome: 'Passed' | 'Failed' | 'NotExecuted';
  readonly durationInMs: number;
  readonly errorMessage: string;
  readonly stackTrace: string;
}

/**
 * Test runs of a project of Azure DevOps. Nothing here knows a token against doing it twice: look first.
 * Every call may throw `Refusal` where it is not allowed or there is no such thing, `TransientFailure` where another
 * try may help.
 */
export interface TestRuns {
  /** Automated test runs of a build, oldest first. */
  ofBuild(project: string, build: string): Promise<readonly TestRun[]>;
  /** Starts a test run, which is then `InProgress`. */
  create(project: string, run: NewTestRun): Promise<TestRun>;
  /** Full names of the tests that have a result: one entry a result. */
  publishedNames(project: string, run: string): Promise<readonly string[]>;
  /** Adds results, at most `MOST_RESULTS_A_CALL` at once. */
  addResults(project: string, run: string, results: readonly TestResult[]): Promise<void>;
  /** Names of the files that are attached to the run as a whole. */
  attachments(project: string, run: string): Promise<readonly string[]>;
  /** Attaches a file. The service takes 100 MiB of base64, which is 75 MiB of content. */
  attach(
    project: string,
    run: string,
    file: { readonly name: string; readonly bytes: Uint8Array },
  ): Promise<void>;
  complete(project: string, run: string, endedAt: Instant): Promise<void>;
}

/** More results in one request are refused. */
export const MOST_RESULTS_A_CALL = 1000;
/** What fits into the names of a result. */
export const LONGEST_TEST_NAME = 256;
