/** One test of a JUnit file. */
export interface TestCase {
  /** As it stands there: with pytest the function and its parameters. */
  readonly name: string;
  /** With pytest the module and class, with dots. May be empty. */
  readonly className: string;
  /** `error`: the test did not get as far as failing, e.g. a fixture or an import broke. */
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped';
  readonly durationInMs: number;
  /** Of a failure, an error or a skip; else empty. */
  readonly message: string;
  readonly trace: string;
}

/** The tests of a JUnit file in their order. */
export interface TestReport {
  readonly cases: readonly TestCase[];
  /** Failures and errors that the suites count. A file may count some and list none. */
  readonly declaredFailures: number;
}

export interface TestCounts {
  readonly tests: number;
  readonly passed: number;
  /** Errors counted in. */
  readonly failed: number;
  readonly skipped: number;
}

export function countsOf({ cases }: TestReport): TestCounts {
  const counted = (outcome: TestCase['outcome']) => cases.filter((each) => each.outcome === outcome).length;
  const failed = counted('failed') + counted('error');
  return { tests: cases.length, passed: counted('passed'), failed, skipped: counted('skipped') };
}

/** Class and name, which together tell a test from others. */
export function fullName({ className, name }: TestCase): string {
  return className === '' ? name : `${className}.${name}`;
}

const MOST_NAMED = 10;
const LONGEST_NAME = 150;
const LONGEST_MESSAGE = 200;

/** The failed tests by name, each with the first line of its message: at most ten, and how many more. */
export function nameFailures({ cases }: TestReport): string {
  const failed = cases.filter(({ outcome }) => outcome === 'failed' || outcome === 'error');
  const more = failed.length - MOST_NAMED;
  const named = failed.slice(0, MOST_NAMED).map((each) => {
    const what = firstLine(each.message) || firstLine(each.trace) || each.outcome;
    return `${cutTo(fullName(each), LONGEST_NAME)} (${cutTo(what, LONGEST_MESSAGE)})`;
  });
  return named.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function firstLine(text: string): string {
  return (text.trim().split(/\r?\n/, 1)[0] ?? '').trim();
}

/** The beginning of a text, with a sign where something is left out. */
export function cutTo(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
