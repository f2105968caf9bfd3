import { beforeEach, describe, expect, test } from '@jest/globals';
import { integrationTests } from '../../shared/steps/integration-tests.ts';
import { redactFile } from '../../shared/steps/test-suite/publish.ts';
import type { Calls, TestsWorld } from './tests-world.ts';
import {
  applyWithRetries,
  holdContracts,
  junit,
  leaves,
  publishedRuns,
  runsIn,
  testCase,
  testsWorld,
} from './tests-world.ts';

let site: TestsWorld;

beforeEach(async () => {
  site = await testsWorld();
});
holdContracts(() => site);

const run = (calls: Calls = {}) => applyWithRetries(integrationTests, site.world, calls);
const requests = () => site.azureDevOps.service.log.counts();
const faults = () => site.azureDevOps.service.faults;
const passing = junit(testCase('test_a'), testCase('test_b'));
const failing = junit(
  testCase('test_a'),
  testCase('test_b', '<failure message="AssertionError">trace</failure>'),
);

describe('a test run in Azure DevOps', () => {
  test('has every test with name, outcome, duration, message and trace', async () => {
    const skipped = testCase('test_c', '<skipped message="later">x.py:3: later</skipped>');
    leaves(site, failing.replace('</testsuite>', `${skipped}</testsuite>`), { result: 'FAILED' });
    await run();
    const [published] = await publishedRuns(site);
    const className = 'integrationtests.test_bronze_to_silver';
    expect(published?.results).toMatchObject([
      {
        testCaseTitle: 'test_a',
        automatedTestName: `${className}.test_a`,
        outcome: 'Passed',
        durationInMs: 1250,
      },
      { testCaseTitle: 'test_b', outcome: 'Failed', errorMessage: 'AssertionError', stackTrace: 'trace' },
      {
        testCaseTitle: 'test_c',
        outcome: 'NotExecuted',
        errorMessage: 'later',
        automatedTestStorage: className,
      },
    ]);
  });

  test('belongs to the build, says what it tested, holds the file, and is completed', async () => {
    leaves(site, passing);
    await run();
    const [databricks] = await runsIn(site.twin);
    const published = await publishedRuns(site);
    expect(published).toMatchObject([
      {
        name: `parking-sensors: integration-tests of release-1 in staging (Databricks run ${databricks?.run_id})`,
        state: 'Completed',
        build: site.world.input.build,
        attachments: ['integration-tests.xml'],
      },
    ]);
    expect(published[0]?.comment).toContain(String(databricks?.run_page_url));
  });

  test('is seven requests', async () => {
    leaves(site, passing);
    await run();
    expect(requests()).toEqual({
      'TestRuns.List': 1,
      'TestRuns.Create': 1,
      'TestResults.List': 1,
      'TestResults.Add': 1,
      'TestAttachments.List': 1,
      'TestAttachments.CreateForRun': 1,
      'TestRuns.Update': 1,
    });
  });

  test('gets a thousand results a request', async () => {
    const names = Array.from({ length: 1_001 }, (_, index) => testCase(`test_${index}`));
    leaves(site, junit(...names));
    expect((await run()).done).toMatchObject({ passed: 1_001 });
    expect(requests()['TestResults.Add']).toBe(2);
    expect((await publishedRuns(site))[0]?.results).toHaveLength(1_001);
  });

  test('has texts of a length that the service takes, the end of a trace rather than its beginning', async () => {
    const inner = `<failure message="${'m'.repeat(9_000)}">${'t'.repeat(9_000)} the end</failure>`;
    leaves(site, junit(testCase('n'.repeat(900), inner)));
    await run();
    const [result] = (await publishedRuns(site))[0]?.results ?? [];
    expect(String(result?.testCaseTitle)).toHaveLength(256);
    expect(String(result?.automatedTestName)).toHaveLength(256);
    expect(String(result?.errorMessage)).toHaveLength(4_000);
    expect(result?.stackTrace).toMatch(/^t{992} the end$/);
  });

  test('never holds what looks like a secret, nor does the file beside it', async () => {
    const token = `dapi${'0123456789abcdef'.repeat(2)}`;
    const bodies: string[] = [];
    const { handle } = site.azureDevOps.service;
    site.azureDevOps.service.handle = (request) => {
      bodies.push(Buffer.from(request.body).toString());
      return handle(request);
    };
    leaves(
      site,
      junit(testCase(`test_${token}`, `<failure message="password=hunter2">Bearer ${token}</failure>`)),
    );
    await run();
    const files = bodies
      .filter((body) => body.includes('"stream"'))
      .map((body) => JSON.parse(body) as { stream: string });
    const sent = [...bodies, ...files.map(({ stream }) => Buffer.from(stream, 'base64').toString())].join(
      '\n',
    );
    expect(sent).toContain('test_***');
    expect(sent).not.toMatch(/dapi0|hunter2/);
  });
});

test('a file from which secrets were taken is still XML', () => {
  const text = '<a b="password=secret"><c>sig=abc</c>client_secret=x<d/></a>';
  const redacted = new TextDecoder().decode(redactFile(new TextEncoder().encode(text)));
  expect(redacted).toBe('<a b="password=***"><c>sig=***</c>client_secret=***<d/></a>');
});

describe('one test run, whatever happens', () => {
  const expectOne = async () => {
    const published = await publishedRuns(site);
    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({ state: 'Completed', attachments: ['integration-tests.xml'] });
    expect(published[0]?.results.map(({ testCaseTitle }) => testCaseTitle)).toEqual(['test_a', 'test_b']);
    expect(await runsIn(site.twin)).toHaveLength(1);
  };

  test.each(
    ['TestRuns.Create', 'TestResults.Add', 'TestAttachments.CreateForRun', 'TestRuns.Update'].flatMap(
      (operation) => [[operation, 'before'] as const, [operation, 'after'] as const],
    ),
  )('an answer of %s that is lost %s its effect', async (match, when) => {
    leaves(site, passing);
    faults().add({ kind: 'drop', match, times: 1, when });
    expect((await run()).done).toMatchObject({ passed: 2, testRun: '31' });
    await expectOne();
  });

  test('of failing tests, too', async () => {
    leaves(site, failing, { result: 'FAILED' });
    faults().add({ kind: 'drop', match: 'TestRuns.Create', times: 1, when: 'after' });
    expect((await run()).refused).toMatch(/^1 of 2 integration tests failed: .* See https:\S+$/);
    await expectOne();
  });

  test('tests of the same name are told apart by how often they are there already', async () => {
    leaves(site, junit(testCase('test_a'), testCase('test_a'), testCase('test_b'), testCase('test_a')));
    faults().add({ kind: 'drop', match: 'TestResults.Add', times: 1, when: 'after' });
    await run();
    expect((await publishedRuns(site))[0]?.results).toHaveLength(4);
  });

  test('that was published half is continued', async () => {
    leaves(site, junit(...Array.from({ length: 1_100 }, (_, index) => testCase(`test_${index}`))));
    faults().add({ kind: 'drop', match: 'TestResults.Add', skip: 1, times: 1, when: 'after' });
    expect((await run()).done).toMatchObject({ passed: 1_100, testRun: '31' });
    const [published, ...others] = await publishedRuns(site);
    expect(others).toEqual([]);
    expect(new Set(published?.results.map(({ automatedTestName }) => automatedTestName)).size).toBe(1_100);
    expect(published?.results).toHaveLength(1_100);
  });

  test('that takes long is cut, and goes on in another invocation', async () => {
    leaves(site, junit(...Array.from({ length: 2_001 }, (_, index) => testCase(`test_${index}`))));
    faults().add({ kind: 'latency', match: 'TestResults.Add', latencyInMs: 30_000 });
    const { done } = await run();
    expect(done).toMatchObject({ passed: 2_001, testRun: '31' });
    expect(requests()).toMatchObject({ 'TestRuns.Create': 1, 'TestResults.Add': 3, 'TestRuns.List': 2 });
    expect((await publishedRuns(site))[0]?.results).toHaveLength(2_001);
  });
});

describe('publishing never decides the stage', () => {
  const down = { kind: 'status', status: 503, match: 'Test*' } as const;

  test('Azure DevOps that is down for ten minutes gets the results afterwards; the tests do not run again', async () => {
    leaves(site, passing);
    faults().add(down);
    const before: Calls['before'] = (_number, memo) => {
      if (site.world.clock.now() > Date.UTC(2026, 10, 23, 9, 12)) faults().clear();
      return memo;
    };
    const { done, attempts } = await run({ before });
    expect(done).toMatchObject({ passed: 2, testRun: '31' });
    expect(done).not.toHaveProperty('warning');
    expect([attempts, site.twin.log.count('Jobs.submit')]).toEqual([1, 1]);
    expect(site.world.log.join('\n')).toContain('test results are not published yet: ');
  });

  /** How long after the beginning of its call each request to Azure DevOps began, in seconds. */
  const latest = async () => {
    const calls: number[] = [];
    const before: Calls['before'] = (_number, memo) => {
      calls.push(site.world.clock.now());
      return memo;
    };
    const ended = await run({ before });
    const delays = site.azureDevOps.service.log.requests().map(({ startedAt }) => {
      const call = calls.findLast((each) => each <= startedAt) ?? 0;
      return (startedAt - call) / 1000;
    });
    return { ...ended, latest: Math.max(...delays) };
  };

  test('Azure DevOps that is slow is asked in parts, none of which outlives its function', async () => {
    leaves(site, passing);
    faults().add({ kind: 'latency', match: 'Test*', latencyInMs: 12_000 });
    const ended = await latest();
    expect(ended.done).toMatchObject({ passed: 2, testRun: '31' });
    expect(ended.latest).toBeLessThanOrEqual(50);
    faults().clear();
    expect(await publishedRuns(site)).toMatchObject([{ state: 'Completed', results: { length: 2 } }]);
  });

  test('Azure DevOps that is too slow to get anywhere is given up after half an hour, with a warning', async () => {
    leaves(site, passing);
    faults().add({ kind: 'latency', match: 'Test*', latencyInMs: 30_000 });
    const before = site.world.clock.now();
    const ended = await latest();
    expect(ended.done?.warning).toBe('The results are not published in Azure DevOps: it answers too slowly');
    expect(ended.latest).toBeLessThanOrEqual(50);
    expect(site.world.clock.now() - before).toBeLessThan(45 * 60_000);
  });

  test('Azure DevOps that stays down is given up after half an hour, with a warning', async () => {
    leaves(site, passing);
    faults().add(down);
    const before = site.world.clock.now();
    const { done } = await run();
    expect(done).toMatchObject({ passed: 2, testRun: null });
    expect(done?.warning).toMatch(/^The results are not published in Azure DevOps: /);
    expect(site.world.clock.now() - before).toBeLessThan(45 * 60_000);
    expect(site.world.log).toContain(done?.warning);
  });

  test('without the permission the stage passes, with a warning', async () => {
    leaves(site, passing);
    faults().add({
      kind: 'status',
      status: 403,
      match: 'TestRuns.Create',
      message: 'needs Create test runs',
    });
    const { done, attempts } = await run();
    expect(done).toMatchObject({ passed: 2, testRun: null });
    expect(done?.warning).toMatch(
      /^The results are not published in Azure DevOps: Azure DevOps does not allow this to Slipway's identity: .*Grant it, then retry\.$/,
    );
    expect(attempts).toBe(1);
  });

  test('without the permission failing tests refuse the stage all the same', async () => {
    leaves(site, failing, { result: 'FAILED' });
    faults().add({ kind: 'status', status: 403, match: 'Test*' });
    expect((await run()).refused).toMatch(
      /^1 of 2 integration tests failed: .*\(The results are not published in Azure DevOps: .*\)$/,
    );
  });

  test('a test run that somebody deleted on the way is not made again', async () => {
    leaves(site, passing);
    faults().add({ kind: 'status', status: 404, match: 'TestResults.Add' });
    expect((await run()).done?.warning).toContain(
      'Azure DevOps has no test run 31 any more: somebody deleted it.',
    );
  });

  test('a pipeline that names no build publishes nothing and says so', async () => {
    leaves(site, passing);
    site.world.input = { strategy: 'in-place' };
    const { done } = await run();
    expect(done).toMatchObject({ passed: 2, testRun: null });
    expect(done?.warning).toContain('does not say which build it releases');
    expect(requests()).toEqual({});
  });
});
