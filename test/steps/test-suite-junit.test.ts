import { describe, expect, test } from '@jest/globals';
import { readJunit } from '../../shared/steps/test-suite/junit.ts';
import { countsOf, fullName } from '../../shared/steps/test-suite/report.ts';
import { junit, testCase } from './tests-world.ts';

const read = (text: string) => readJunit(new TextEncoder().encode(text));
const only = (text: string) => read(text).cases[0];
const suite = (...cases: readonly string[]) => `<testsuite name="s">${cases.join('')}</testsuite>`;

describe('what pytest writes', () => {
  test('a test that passed has its class, its name with parameters, and its duration', () => {
    const [passed] = read(junit(testCase('test_a[3-&lt;x&gt;]'))).cases;
    expect(passed).toEqual({
      className: 'integrationtests.test_bronze_to_silver',
      name: 'test_a[3-<x>]',
      outcome: 'passed',
      durationInMs: 1250,
      message: '',
      trace: '',
    });
  });

  test('a failure has a message of several lines and a trace', () => {
    const inner =
      '<failure message="AssertionError: assert 1 == 2&#10;  +  where 1 = one()">def test_a():\n&gt;   assert one() == 2</failure>';
    expect(only(junit(testCase('test_a', inner)))).toMatchObject({
      outcome: 'failed',
      message: 'AssertionError: assert 1 == 2\n  +  where 1 = one()',
      trace: 'def test_a():\n>   assert one() == 2',
    });
  });

  test.each([
    [
      'a module that cannot be imported',
      '<testcase classname="" name="integrationtests.test_x" time="0"><error message="collection failure">ImportError</error></testcase>',
      'error',
    ],
    ['a fixture that breaks', testCase('a', '<error message="failed on setup">x</error>'), 'error'],
    [
      'a fixture that breaks afterwards',
      testCase('a', '<error message="failed on teardown">x</error>'),
      'error',
    ],
    [
      'a skip',
      testCase('a', '<skipped type="pytest.skip" message="no Spark">x.py:1: no Spark</skipped>'),
      'skipped',
    ],
    ['an expected failure', testCase('a', '<skipped type="pytest.xfail" message="known"/>'), 'skipped'],
    ['an expected failure that passes', testCase('a', '<failure message="[XPASS(strict)]"/>'), 'failed'],
    [
      'output of a test that passed',
      testCase(
        'a',
        '<properties><property name="x" value="y"/></properties><system-out>error failure</system-out>',
      ),
      'passed',
    ],
  ])('%s', (_title, text, outcome) => {
    expect(only(junit(text))?.outcome).toBe(outcome);
  });

  test('a test that fails and whose fixture breaks afterwards stands there twice', () => {
    const report = read(
      junit(testCase('a', '<failure message="no"/>'), testCase('a', '<error message="teardown"/>')),
    );
    expect(countsOf(report)).toEqual({ tests: 2, passed: 0, failed: 2, skipped: 0 });
  });
});

describe('what others write', () => {
  test('one suite as root, and suites in suites', () => {
    const text = `<testsuites><testsuite name="a">${suite(testCase('x'))}${testCase('y')}</testsuite>${suite(testCase('z'))}</testsuites>`;
    expect(read(text).cases.map(({ name }) => name)).toEqual(['x', 'y', 'z']);
    expect(read(suite(testCase('x'))).cases).toHaveLength(1);
  });

  test('the worst of several reasons counts', () => {
    const text = suite(testCase('a', '<skipped/><error message="e"/><failure message="f">trace</failure>'));
    expect(only(text)).toMatchObject({ outcome: 'failed', message: 'f', trace: 'trace' });
  });

  test('a failure before a rerun that passed is none', () => {
    const text = suite(testCase('a', '<flakyFailure message="once">x</flakyFailure><rerunFailure/>'));
    expect(only(text)?.outcome).toBe('passed');
  });

  test('reasons outside of tests count as a test of the suite', () => {
    const text = `<testsuites><testsuite name="outer">${testCase('x')}<error message="setup">boom</error><skipped/></testsuite></testsuites>`;
    const { cases } = read(text);
    expect(cases.map(({ outcome, ...each }) => `${outcome} ${fullName({ outcome, ...each })}`)).toEqual([
      'passed integrationtests.test_bronze_to_silver.x',
      'error outer',
    ]);
    expect(cases[1]).toMatchObject({ message: 'setup', trace: 'boom' });
  });

  test('texts in CDATA, in pieces, with a namespace', () => {
    const text = `<j:testsuite xmlns:j="urn:x"><j:testcase name="a"><j:failure>one <![CDATA[<two> & ]]>three</j:failure></j:testcase></j:testsuite>`;
    expect(only(text)).toMatchObject({ outcome: 'failed', trace: 'one <two> & three' });
  });

  test.each([
    ['1,234.5', 1_234_500],
    ['0.0004', 0],
    ['', 0],
    ['-1', 0],
    ['NaN', 0],
    ['soon', 0],
  ])('a duration of "%s" is %i ms', (time, durationInMs) => {
    expect(only(`<testsuite><testcase name="a" time="${time}"/></testsuite>`)).toMatchObject({
      durationInMs,
    });
  });

  test('a test without a name has one for people', () => {
    expect(only('<testsuite><testcase/></testsuite>')).toMatchObject({
      name: '(without a name)',
      className: '',
    });
  });

  test('failures that the suites count are known beside those that are listed', () => {
    const text =
      '<testsuites failures="9"><testsuite failures="2" errors="1"/><testsuite failures="x" errors="-3"/></testsuites>';
    expect(read(text)).toEqual({ cases: [], declaredFailures: 3 });
  });

  test('a mark at the beginning, a message of a megabyte', () => {
    const long = 'x'.repeat(1_000_000);
    expect(
      only(`\uFEFF<?xml version="1.0"?>${suite(testCase('a', `<failure message="${long}"/>`))}`)?.message,
    ).toBe(long);
  });
});

describe('what is no JUnit file is refused, with the line', () => {
  test.each([
    ['nothing', '', 'line 1: it is empty'],
    ['blanks', ' \n ', 'line 1: it is empty'],
    ['text', 'no tests ran', 'line 1: Non-whitespace before first tag.'],
    ['another root', '<coverage/>', 'line 1: the root is coverage, not testsuites or testsuite'],
    ['an end too early', '<testsuite>\n<testcase name="a">', 'line 2: Unclosed root tag'],
    ['tags that cross', '<testsuite><a></testsuite>', 'line 1: Unexpected close tag'],
    ['two roots', '<testsuite/><testsuite/>x', 'line 1: Text data outside of root node.'],
    ['a name that nothing gives a value', '<testsuite>&x;</testsuite>', 'line 1: Invalid character entity'],
    [
      'a DOCTYPE',
      '<!DOCTYPE testsuite SYSTEM "file:///etc/passwd"><testsuite/>',
      'line 1: a JUnit file has no DOCTYPE',
    ],
    [
      'elements without end in each other',
      `<testsuite>${'<a>'.repeat(200)}`,
      'line 1: more than 100 elements stand in each other',
    ],
  ])('%s', (_title, text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ name: 'UnreadableInput', message }));
  });

  test('declared entities are never expanded', () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><testsuite>&b;</testsuite>`;
    expect(() => read(bomb)).toThrow('a JUnit file has no DOCTYPE');
  });
});

test('fifty thousand tests are read', () => {
  const report = read(suite(testCase('test_a', '<failure message="m">trace</failure>').repeat(50_000)));
  expect(countsOf(report)).toEqual({ tests: 50_000, passed: 0, failed: 50_000, skipped: 0 });
});
