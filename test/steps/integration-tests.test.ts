import { beforeEach, describe, expect, test } from '@jest/globals';
import { suiteWork } from '../../sandbox/release/test-suites.ts';
import { integrationTests } from '../../shared/steps/integration-tests.ts';
import { callTwin } from './databricks-world.ts';
import { exampleFile } from './intake-world.ts';
import { contentOf } from './step-runner.ts';
import type { Calls, TestsWorld } from './tests-world.ts';
import {
  applyWithRetries,
  holdContracts,
  junit,
  leaves,
  RESULTS,
  resultsPath,
  runsIn,
  suiteFile,
  testCase,
  testsWorld,
} from './tests-world.ts';

let site: TestsWorld;

beforeEach(async () => {
  site = await testsWorld();
});
holdContracts(() => site);

const run = (calls: Calls = {}) => applyWithRetries(integrationTests, site.world, calls);
const submits = () => site.twin.log.count('Jobs.submit');
const passing = junit(testCase('test_a'), testCase('test_b'));
const failing = (name: string, message: string) =>
  testCase(name, `<failure message="${message}">def ${name}():\n&gt;   assert it</failure>`);
const PAGE = /See https:\/\/workspace\.example\/jobs\/\d+\/runs\/\d+$/;

describe('a suite that passes', () => {
  test('lets the stage pass and tells its counts', async () => {
    leaves(
      site,
      junit(testCase('test_a'), testCase('test_b'), testCase('test_c', '<skipped message="later"/>')),
    );
    const { done, refused } = await run();
    expect(refused).toBeNull();
    expect(done).toMatchObject({ tests: 3, passed: 2, failed: 0, skipped: 1, testRun: '31' });
    expect(done?.page).toMatch(/^https:\/\/workspace\.example\/jobs\//);
    expect(done).not.toHaveProperty('warning');
  });

  test('is one run; its file is looked for before it, and read once after it', async () => {
    leaves(site, passing);
    await run();
    const { 'Jobs.get_run': looks, ...others } = site.twin.log.counts();
    const ofFile = { 'Volumes.read': 1, 'Jobs.list_runs': 1, 'Files.get_metadata': 2, 'Files.download': 1 };
    expect(others).toEqual({ 'Jobs.submit': 1, ...ofFile });
    expect(looks).toBeLessThanOrEqual(14);
  });

  test('runs what the file says, where the release is', async () => {
    leaves(site, passing);
    await run();
    const loaded = site.twin.loadedSources().map(({ task, path }) => `${task} ${path}`);
    expect(loaded).toContain('tests /Workspace/Shared/parking-sensors-tests/run_suite.py');
    expect(await runsIn(site.twin)).toMatchObject([{ run_name: 'parking-sensors tests' }]);
  });

  test('keeps its file as evidence', async () => {
    leaves(site, passing);
    const { done } = await run();
    const stored = await contentOf(site.world).get(String(done?.results));
    expect(new TextDecoder().decode(stored)).toBe(passing);
  });

  test('is asked for after half a second, then more and more rarely, at most once a minute', async () => {
    leaves(site, passing, { durationInMs: 50 * 60_000 });
    await run();
    const times = site.twin.log
      .requests()
      .filter(({ operation }) => operation === 'Jobs.submit' || operation === 'Jobs.get_run')
      .map(({ startedAt }) => startedAt);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses[0]).toBe(500);
    expect(pauses).toEqual([...pauses].sort((left, right) => left - right));
    expect(Math.max(...pauses)).toBe(60_000);
  });
});

describe('the example project', () => {
  const example = async (failing: readonly string[]) => {
    site = await testsWorld(suiteFile(), { work: suiteWork(new Set(failing)) });
    const files = [
      'run_suite.py',
      'integrationtests/conftest.py',
      'integrationtests/test_bronze_to_silver.py',
    ];
    for (const path of files) {
      const content = Buffer.from(exampleFile(`tests/${path}`)).toString('base64');
      const target = `/Workspace/Shared/parking-sensors-tests/${path}`;
      await callTwin(site.twin, '/api/2.0/workspace/mkdirs', {
        path: target.slice(0, target.lastIndexOf('/')),
      });
      const body = { path: target, content, format: 'RAW', overwrite: true };
      await callTwin(site.twin, '/api/2.0/workspace/import', body);
    }
    const tests = Buffer.from(exampleFile('databricks/config/tests.json')).toString();
    const file = tests.replaceAll(`, "\${slipway.wheel}"`, '');
    site.world.artifacts = { ...site.world.artifacts, 'databricks-config': { 'tests.json': file } };
    return run();
  };

  test('has a suite that Slipway can run', async () => {
    const { done } = await example([]);
    expect(done?.passed).toBeGreaterThan(0);
    expect(done).toMatchObject({ failed: 0, testRun: '31' });
  });

  test('refuses the stage by the name of its failing test', async () => {
    const name = 'test_loading_twice_changes_nothing';
    expect((await example([name])).refused).toContain(`integrationtests.test_bronze_to_silver.${name} (`);
  });
});

describe('nothing to run', () => {
  test.each([
    ['a release without the file', {}],
    ['a file without this suite', { 'databricks-config': { 'tests.json': '{"smoke_tests":null}' } }],
  ])('%s passes without a request', async (_title, artifacts) => {
    site.world.artifacts = artifacts;
    const { done } = await run();
    expect(done).toMatchObject({ tests: 0, testRun: null });
    expect(done?.note).toBe('The release has no integration_tests in tests.json.');
    expect([site.twin.log.count(), site.azureDevOps.service.log.count()]).toEqual([0, 0]);
  });
});

describe('a suite that fails refuses the stage', () => {
  test('and names the tests, with the first line of what they say', async () => {
    const cases = [
      testCase('test_a'),
      failing('test_b', 'AssertionError: assert 1 == 2&#10;more'),
      failing('test_c', 'KeyError'),
    ];
    leaves(site, junit(...cases), { result: 'FAILED' });
    const { refused } = await run();
    expect(refused).toMatch(
      /^2 of 3 integration tests failed: integrationtests\.test_bronze_to_silver\.test_b \(AssertionError: assert 1 == 2\); integrationtests\.test_bronze_to_silver\.test_c \(KeyError\)\. The JUnit file is kept as content [0-9a-f]{64}\. See /,
    );
    expect(refused).toMatch(PAGE);
  });

  test('and names ten at most, and how many more', async () => {
    leaves(site, junit(...Array.from({ length: 13 }, (_, index) => failing(`test_${index}`, 'no'))), {
      result: 'FAILED',
    });
    const { refused } = await run();
    expect(refused).toMatch(
      /^13 of 13 integration tests failed: .*test_9 \(no\); and 3 more\. The JUnit file/,
    );
    expect(refused).not.toContain('test_10');
  });

  test('also where an import or a fixture broke before the test itself', async () => {
    const collection =
      '<testcase classname="" name="integrationtests.test_x" time="0"><error message="collection failure">ImportError: no module</error></testcase>';
    const fixture = testCase(
      'test_y',
      '<error message="failed on setup with &quot;fixture \'spark\' not found&quot;">x</error>',
    );
    leaves(site, junit(testCase('test_a'), collection, fixture), { result: 'FAILED' });
    expect((await run()).refused).toMatch(
      /^2 of 3 integration tests failed: integrationtests\.test_x \(collection failure\); .*test_y \(failed on setup with "fixture 'spark' not found"\)/,
    );
  });

  test('also where the run itself ended in success', async () => {
    leaves(site, junit(testCase('test_a'), failing('test_b', 'no')));
    expect((await run()).refused).toMatch(/^1 of 2 integration tests failed/);
  });

  test('and keeps its file as evidence, also one that nobody can read', async () => {
    for (const file of [junit(failing('test_a', 'no')), '<html>']) {
      leaves(site, file);
      const { refused } = await run();
      const digest = /kept as content ([0-9a-f]{64})\. See /.exec(refused ?? '')?.[1] ?? '';
      expect(new TextDecoder().decode(await contentOf(site.world).get(digest))).toBe(file);
      site = await testsWorld();
    }
  });

  test('never shows a token that a message holds', async () => {
    leaves(site, junit(failing('test_a', `token dapi${'0'.repeat(32)} refused`)));
    const { refused } = await run();
    // The engine takes secrets out of every refusal; nothing must have cut one in two before.
    expect(refused).toContain(`dapi${'0'.repeat(32)}`);
  });
});

describe('a run that fails refuses the stage, whatever its file says', () => {
  test('with the error of the task and the last lines of its trace when there is no file', async () => {
    const trace = [
      'one',
      'two',
      'three',
      'four',
      '\u001b[0;31mfive\u001b[0m',
      'RuntimeError: pytest ended with 4',
    ].join('\n');
    leaves(site, null, {
      result: 'FAILED',
      error: '\u001b[31mRuntimeError\u001b[0m: no such suite',
      errorTrace: trace,
    });
    const { refused } = await run();
    expect(refused).toMatch(
      /^The run of the integration tests ended FAILED, and there is no file at \/Volumes\/parking_sensors_catalog_dev\/utilities\/test_results\/release-1\/results\.xml: task tests: RuntimeError: no such suite, trace: … two \| three \| four \| five \| RuntimeError: pytest ended with 4\. See /,
    );
    expect(refused).toMatch(PAGE);
  });

  test('of a very long trace only the end is told', async () => {
    leaves(site, null, {
      result: 'FAILED',
      error: 'e'.repeat(200_000),
      errorTrace: `${'t'.repeat(200_000)} the end`,
    });
    const { refused } = await run();
    expect(refused).toContain('the end. See');
    expect(refused?.length).toBeLessThan(2_000);
  });

  test('also where its output cannot be read', async () => {
    leaves(site, null, { result: 'FAILED', error: 'no' });
    site.twin.faults.add({ kind: 'status', status: 500, match: 'Jobs.get_run_output' });
    const { refused } = await run();
    expect(refused).toMatch(
      /task tests: FAILED, RUN_EXECUTION_ERROR: Workload failed, see run output for details \(its output cannot be read: .*\)\. See/,
    );
  });

  test('also where all tests in the file passed', async () => {
    leaves(site, passing, { result: 'FAILED', error: 'coverage below 80 %' });
    expect((await run()).refused).toMatch(
      /^The run of the integration tests ended FAILED, and none of its 2 tests failed: task tests: coverage below 80 %\. The JUnit file/,
    );
  });

  test('with its time limit when it took longer than its own timeout', async () => {
    site = await testsWorld(
      suiteFile({
        tasks: [
          {
            task_key: 'tests',
            timeout_seconds: 600,
            spark_python_task: { python_file: `\${slipway.testFolder}/run_suite.py` },
          },
        ],
      }),
    );
    leaves(site, passing, { durationInMs: 24 * 3_600_000 });
    expect((await run()).refused).toMatch(
      /^The run of the integration tests was ended by its time limit, and there is no file at .*: task tests: Run timed out/,
    );
  });
});

describe('a run that succeeds and shows nothing refuses the stage', () => {
  const prefix = `The integration tests do not show that they passed, although their run ended in success: `;
  const bomb = `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(100)}">${Array.from({ length: 9 }, (_, index) => `<!ENTITY a${index} "${'&a;'.repeat(10)}">`).join('')}]><testsuites>&a8;</testsuites>`;

  test.each([
    ['no file', null, `there is no file at ${RESULTS}.`],
    ['no test', junit(), `${RESULTS} holds no tests.`],
    ['an empty file', '', `${RESULTS} is no JUnit file (line 1: it is empty).`],
    [
      'only skipped tests',
      junit(testCase('test_a', '<skipped/>')),
      `all 1 tests in ${RESULTS} were skipped.`,
    ],
    [
      'failures that are counted and not listed',
      '<testsuite failures="2" tests="3"><testcase name="a"/></testsuite>',
      `${RESULTS} counts 2 failures and lists none of them.`,
    ],
    [
      'another document',
      '<html><body>Sign in</body></html>',
      `${RESULTS} is no JUnit file (line 1: the root is html, not testsuites or testsuite).`,
    ],
    ['no XML', '{"tests": []}', `${RESULTS} is no JUnit file (line 1: Non-whitespace before first tag.).`],
    ['half a file', passing.slice(0, -20), `${RESULTS} is no JUnit file (line 1: Unclosed root tag).`],
    ['entities to be expanded', bomb, `${RESULTS} is no JUnit file (line 1: a JUnit file has no DOCTYPE).`],
    [
      'a file of more than 20 MB',
      ' '.repeat(20 * 1024 * 1024 + 1),
      `${RESULTS} has 20971521 bytes, more than 20 MB.`,
    ],
  ])('%s', async (_title, content, why) => {
    leaves(site, content);
    const { refused } = await run();
    const kept = refused?.replace(/The JUnit file is kept as content [0-9a-f]{64}\. /, '');
    expect(kept?.startsWith(`${prefix}${why} See `) ? '' : refused).toBe('');
    expect(refused).toMatch(PAGE);
  });

  test('a file that is too large is not even read', async () => {
    leaves(site, ' '.repeat(20 * 1024 * 1024 + 1));
    await run();
    expect(site.twin.log.count('Files.download')).toBe(0);
  });

  test('a file that an earlier run left there is never taken for its own', async () => {
    site = await testsWorld(suiteFile({}, resultsPath('always-here')));
    const left = RESULTS.replace('release-1', 'always-here');
    leaves(site, null, { writes: [{ path: left, content: passing }], times: 1 });
    expect((await run()).done).toMatchObject({ passed: 2 });
    site.world.run = 'release-2';
    expect((await run()).refused).toContain(`${prefix}there is no file at ${left}.`);
    expect(submits()).toBe(2);
  });
});
