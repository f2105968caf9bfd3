import sax from 'sax';
import { messageOf, UnreadableInput } from '../../errors.ts';
import type { TestCase, TestReport } from './report.ts';

/** What may stand in a test, and what it makes of the test. Others, such as a failure before a rerun, count for nothing. */
const OUTCOMES: ReadonlyMap<string, TestCase['outcome']> = new Map([
  ['failure', 'failed'],
  ['error', 'error'],
  ['skipped', 'skipped'],
]);

/** A test's worst outcome counts: one may fail, and its fixture break afterwards. */
const SEVERITY: readonly TestCase['outcome'][] = ['passed', 'skipped', 'error', 'failed'];

/** Suites in suites are a few levels deep; a file that goes on and on is none of ours. */
const DEEPEST = 100;

type Attributes = Readonly<Record<string, string | undefined>>;

/** What is being read. `found` says why the open test did not pass, one entry a reason. */
interface Reading {
  hasRoot: boolean;
  readonly path: string[];
  readonly cases: TestCase[];
  declaredFailures: number;
  /** Those that are open, the innermost last: a reason may stand outside of a test. */
  readonly suites: Attributes[];
  test: Attributes;
  found: Reason[];
}

interface Reason {
  readonly outcome: TestCase['outcome'];
  readonly message: string;
  text: string;
}

/**
 * Reads a JUnit file as pytest writes it, and as others do: suites in suites, one suite as root, reasons outside of
 * tests. Only well-formed XML passes, and nothing that it declares itself is expanded: a DOCTYPE is refused.
 * @throws UnreadableInput saying what is wrong and in which line.
 */
export function readJunit(bytes: Uint8Array): TestReport {
  const reading: Reading = {
    hasRoot: false,
    path: [],
    cases: [],
    declaredFailures: 0,
    suites: [],
    test: {},
    found: [],
  };
  const parser = newParser(reading);
  try {
    // At once: in pieces, the parser would refuse messages of more than 64 KB.
    parser.write(new TextDecoder().decode(bytes)).close();
    if (!reading.hasRoot) throw new Error('it is empty');
  } catch (error) {
    const [what = ''] = messageOf(error).split('\n');
    throw new UnreadableInput(`line ${parser.line + 1}: ${what}`);
  }
  return { cases: reading.cases, declaredFailures: reading.declaredFailures };
}

function newParser(reading: Reading): sax.SAXParser {
  const parser = sax.parser(true);
  parser.onerror = (error) => {
    throw error;
  };
  parser.ondoctype = () => {
    throw new Error('a JUnit file has no DOCTYPE');
  };
  parser.onopentag = ({ name, attributes }) => openElement(reading, localName(name), textsOf(attributes));
  parser.onclosetag = (name) => closeElement(reading, localName(name));
  parser.ontext = (text) => takeText(reading, text);
  parser.oncdata = (text) => takeText(reading, text);
  return parser;
}

/** Without the prefix of a namespace. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function textsOf(attributes: Readonly<Record<string, unknown>>): Attributes {
  const texts = Object.entries(attributes).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}

function openElement(reading: Reading, name: string, attributes: Attributes): void {
  const parent = reading.path.at(-1);
  if (parent === undefined && name !== 'testsuites' && name !== 'testsuite')
    throw new Error(`the root is ${name}, not testsuites or testsuite`);
  if (reading.path.length >= DEEPEST) throw new Error(`more than ${DEEPEST} elements stand in each other`);
  reading.hasRoot = true;
  reading.path.push(name);
  const outcome = OUTCOMES.get(name);
  if (name === 'testcase') {
    reading.test = attributes;
    reading.found = [];
  } else if (name === 'testsuite') {
    reading.suites.push(attributes);
    reading.declaredFailures += wholeNumber(attributes.failures) + wholeNumber(attributes.errors);
  } else if (outcome !== undefined && (parent === 'testcase' || parent === 'testsuite')) {
    reading.found.push({ outcome, message: attributes.message ?? '', text: '' });
  }
}

function takeText({ path, found }: Reading, text: string): void {
  const reason = found.at(-1);
  if (reason !== undefined && OUTCOMES.has(path.at(-1) ?? '')) reason.text += text;
}

function closeElement(reading: Reading, name: string): void {
  reading.path.pop();
  if (name === 'testsuite') reading.suites.pop();
  const isSuites = OUTCOMES.has(name) && reading.path.at(-1) === 'testsuite';
  if (name !== 'testcase' && !isSuites) return;
  const { found, test, suites } = reading;
  // What broke a suite counts as a test of its name; a suite that was skipped says nothing of tests.
  if (!isSuites) reading.cases.push(testCase(test, found));
  else if (name !== 'skipped') reading.cases.push(testCase({ name: suites.at(-1)?.name }, found));
  reading.found = [];
}

function testCase({ name, classname, time }: Attributes, found: readonly Reason[]): TestCase {
  const worst = found.reduce<Reason | null>(
    (before, reason) => (before !== null && severity(before) >= severity(reason) ? before : reason),
    null,
  );
  const texts =
    worst === null ? { message: '', trace: '' } : { message: worst.message.trim(), trace: worst.text.trim() };
  return {
    name: name || '(without a name)',
    className: classname ?? '',
    outcome: worst?.outcome ?? 'passed',
    durationInMs: durationInMs(time),
    ...texts,
  };
}

function severity({ outcome }: Reason): number {
  return SEVERITY.indexOf(outcome);
}

/** Seconds with a fraction; some producers group the thousands. */
function durationInMs(time: string | undefined): number {
  const seconds = Number((time ?? '').replaceAll(',', ''));
  return Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1000) : 0;
}

function wholeNumber(text: string | undefined): number {
  const number = Number(text ?? 0);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}
