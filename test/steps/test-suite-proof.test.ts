import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RunScript } from '../../sandbox/databricks/run-model.ts';
import { integrationTests } from '../../shared/steps/integration-tests.ts';
import type { Calls, TestsWorld } from './tests-world.ts';
import {
  applyWithRetries,
  holdContracts,
  junit,
  leaves,
  RESULTS,
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
const passing = junit(testCase('test_a'));
const failing = junit(testCase('test_a', '<failure message="no"/>'));

type Ending = NonNullable<RunScript['ending']>;
type Code = Ending['code'];

const ended = (code: Code, parts: Partial<Ending> = {}): Ending => ({
  ...{ result: 'FAILED', code, type: 'CLIENT_ERROR', message: 'So it is.' },
  ...parts,
});

describe('a run that broke off says nothing of the release', () => {
  const forGood: readonly Code[] = [
    'BREAKING_CHANGE',
    'BUDGET_POLICY_LIMIT_EXCEEDED',
    'CLUSTER_TERMINATED_BY_USER',
    'DISABLED',
    'FEATURE_DISABLED',
    'INVALID_CLUSTER_REQUEST',
    'INVALID_RUN_CONFIGURATION',
    'LIBRARY_INSTALLATION_ERROR',
    'RESOURCE_NOT_FOUND',
    'SKIPPED',
    'UNAUTHORIZED_ERROR',
  ];

  test.each(forGood)('%s fails the stage at once, with what to mend', async (code) => {
    leaves(site, null, { ending: ended(code) });
    const { refused, provesNothing, attempts } = await run();
    expect(refused).toMatch(
      new RegExp(
        `^The run of the integration tests broke off \\(FAILED, ${code}: So it is\\), which says nothing of the release\\. Mend the cause, then retry the stage\\. See `,
      ),
    );
    expect([provesNothing, attempts, submits()]).toEqual([true, 1, 1]);
  });

  const mayPass: readonly Code[] = [
    'CLUSTER_REQUEST_LIMIT_EXCEEDED',
    'MAX_CONCURRENT_RUNS_EXCEEDED',
    'MAX_JOB_QUEUE_SIZE_EXCEEDED',
    'MAX_SPARK_CONTEXTS_EXCEEDED',
    'REPOSITORY_CHECKOUT_FAILED',
    'STORAGE_ACCESS_ERROR',
    'WORKSPACE_RUN_LIMIT_EXCEEDED',
  ];

  test.each(mayPass)('%s may pass: the next attempt runs the tests anew', async (code) => {
    leaves(site, passing);
    leaves(site, null, { ending: ended(code), times: 1 });
    const { done, attempts } = await run();
    expect(done).toMatchObject({ passed: 1 });
    expect([attempts, submits()]).toEqual([2, 2]);
  });

  test('whatever the file says that it left: its failures may come from the break', async () => {
    leaves(site, failing, { ending: ended('CLUSTER_TERMINATED_BY_USER') });
    expect(await run()).toMatchObject({ provesNothing: true, refused: expect.stringMatching(/broke off/) });
  });

  test('also when the code is one that nobody knows yet', async () => {
    leaves(site, null, { ending: ended('FEATURE_DISABLED') });
    site.twin.handle = answering(site.twin.handle, (text) =>
      text.replaceAll('FEATURE_DISABLED', 'MOON_IN_THE_WAY'),
    );
    const { refused, provesNothing } = await run();
    expect(refused).toContain('broke off (FAILED, MOON_IN_THE_WAY: So it is)');
    expect(provesNothing).toBe(true);
  });
});

type Handle = TestsWorld['twin']['handle'];

/** A workspace whose answers are changed on their way. */
function answering(handle: Handle, change: (text: string) => string): Handle {
  return async (request) => {
    const answer = await handle(request);
    const isJson = answer.headers['content-type']?.includes('json') === true;
    return isJson ? { ...answer, body: Buffer.from(change(Buffer.from(answer.body).toString())) } : answer;
  };
}

describe('tests that could not be started say nothing of the release', () => {
  const expectNothingProved = async (text: RegExp) => {
    const { refused, provesNothing, attempts } = await run();
    expect(refused).toMatch(text);
    expect([provesNothing, attempts]).toEqual([true, 1]);
  };
  const denied = (match: string) =>
    site.twin.faults.add({ kind: 'status', status: 403, match, message: 'You lack a right' });

  test('no right to start runs', async () => {
    denied('Jobs.submit');
    await expectNothingProved(
      /^Databricks does not allow this to Slipway's identity: .*Grant it, then retry/,
    );
  });

  test('no right to the volume of the results', async () => {
    denied('Files.get_metadata');
    await expectNothingProved(/^Databricks does not allow this to Slipway's identity/);
    expect(submits()).toBe(0);
  });

  test('no right to read the results when they are there', async () => {
    leaves(site, failing);
    denied('Files.download');
    await expectNothingProved(/^Databricks does not allow this to Slipway's identity/);
  });

  test('no such volume', async () => {
    site.world.values.variables.unityCatalogName = 'no_such_catalog';
    await expectNothingProved(
      /^tests\.json cannot be used\. integration_tests\.results is "\/Volumes\/no_such_catalog\/utilities\/test_results\/release-1\/results\.xml": there is no such volume, or Slipway may not read it\.$/,
    );
    expect(submits()).toBe(0);
  });

  test.each([
    ['a file that is no JSON', '{', /^tests\.json is not JSON/],
    [
      'results that are in no volume',
      JSON.stringify(suiteFile({}, 'dbfs:/results.xml')),
      /^tests\.json cannot be used\. integration_tests\.results is "dbfs:\/results\.xml"/,
    ],
  ])('%s', async (_title, file, text) => {
    site.world.artifacts = { ...site.world.artifacts, 'databricks-config': { 'tests.json': file } };
    await expectNothingProved(text);
  });
});

describe('the tests themselves prove a failure', () => {
  test.each([
    ['by failing', failing, {}],
    ['by failing in a run that ends so', failing, { result: 'FAILED' as const }],
    ['by a run that fails of their making', null, { result: 'FAILED' as const }],
    ['by a run that ends at its own limit', null, { ending: ended('CANCELED', { result: 'TIMEDOUT' }) }],
    ['by leaving no file', null, {}],
    ['by leaving an empty file', '', {}],
    ['by skipping all', junit(testCase('test_a', '<skipped/>')), {}],
    ['by a run that Slipway ends at its limit', null, { durationInMs: 20 * 3_600_000 }],
  ])('%s', async (_title, file, script) => {
    leaves(site, file, script);
    const { refused, provesNothing } = await run();
    expect(refused).not.toBeNull();
    expect(provesNothing).toBe(false);
  });

  test('and say where the file is missing', async () => {
    leaves(site, null);
    expect((await run()).refused).toContain(`there is no file at ${RESULTS}`);
  });
});
