import { describe, expect, test } from '@jest/globals';
import type { TestResult } from '../../shared/engine/azure-devops-tests-client.ts';
import { MOST_RESULTS_A_CALL } from '../../shared/engine/azure-devops-tests-client.ts';
import { Refusal, TransientFailure } from '../../shared/errors.ts';
import { COMMIT, intakeWorld, requestsOf } from '../steps/intake-world.ts';
import { underVirtualTime } from '../steps/virtual-time.ts';

const STARTED_AT = Date.UTC(2026, 10, 23, 9, 0);

/** An organisation with one build, and our client of its test runs. */
function published() {
  const world = intakeWorld();
  const build = world.twin.publishBuild({ project: 'parking', definition: 'ci-artifacts', commit: COMMIT });
  const wait = <Answer>(work: Promise<Answer>) => underVirtualTime(world.clock, work);
  const { tests } = world.azureDevOps;
  const newRun = { name: 'integration-tests', comment: 'c', build: String(build.id), startedAt: STARTED_AT };
  const create = (name = newRun.name) => wait(tests.create('parking', { ...newRun, name }));
  return { ...world, build: String(build.id), wait, tests, newRun, create };
}

function result(name: string, parts: Partial<TestResult> = {}): TestResult {
  const texts = { title: name, name, storage: 'suite', errorMessage: '', stackTrace: '' };
  return { ...texts, outcome: 'Passed', durationInMs: 1, ...parts };
}

describe('test runs', () => {
  test('are found by their build, oldest first, however many there are', async () => {
    const { tests, build, wait, create, twin } = published();
    for (let number = 0; number < 101; number += 1) await create(`run ${number}`);
    const found = await wait(tests.ofBuild('parking', build));
    expect(found.map(({ name }) => name)).toEqual(
      Array.from({ length: 101 }, (_, number) => `run ${number}`),
    );
    expect(found[0]).toMatchObject({
      state: 'InProgress',
      page: expect.stringContaining('_TestManagement/Runs'),
    });
    expect(await wait(tests.ofBuild('parking', '1'))).toEqual([]);
    expect(requestsOf(twin)['TestRuns.List']).toBe(3);
    expect(twin.service.violations()).toEqual([]);
  });

  test('of people are none of ours', async () => {
    const { tests, build, wait, twin } = published();
    const url = 'https://dev.azure.com/contoso/parking/_apis/test/runs?api-version=7.1';
    const body = Buffer.from(JSON.stringify({ name: 'by hand', build: { id: build }, automated: false }));
    await twin.service.handle({ method: 'POST', url, headers: { authorization: 'Bearer ada' }, body });
    expect(await wait(tests.ofBuild('parking', build))).toEqual([]);
  });

  test('take results, files and an end, and tell them', async () => {
    const { tests, wait, create, twin } = published();
    const { id } = await create();
    await wait(
      tests.addResults('parking', id, [result('a'), result('b', { outcome: 'Failed', errorMessage: 'no' })]),
    );
    await wait(tests.attach('parking', id, { name: 'a.xml', bytes: Buffer.from('<testsuite/>') }));
    await wait(tests.complete('parking', id, STARTED_AT + 60_000));
    expect(await wait(tests.publishedNames('parking', id))).toEqual(['a', 'b']);
    expect(await wait(tests.attachments('parking', id))).toEqual(['a.xml']);
    expect(await wait(tests.ofBuild('parking', published().build))).toMatchObject([
      { id, state: 'Completed' },
    ]);
    expect(twin.service.violations()).toEqual([]);
  });

  test('have as many results as there are, in pages of a thousand', async () => {
    const { tests, wait, create, twin } = published();
    const { id } = await create();
    const names = Array.from({ length: MOST_RESULTS_A_CALL }, (_, number) => `test ${number}`);
    await wait(
      tests.addResults(
        'parking',
        id,
        names.map((name) => result(name)),
      ),
    );
    await wait(tests.addResults('parking', id, [result('the last')]));
    expect(await wait(tests.publishedNames('parking', id))).toEqual([...names, 'the last']);
    expect(requestsOf(twin)['TestResults.List']).toBe(2);
  });

  test('one result too many is refused, and says so', async () => {
    const { tests, wait, create } = published();
    const { id } = await create();
    const results = Array.from({ length: MOST_RESULTS_A_CALL + 1 }, () => result('a'));
    await expect(wait(tests.addResults('parking', id, results))).rejects.toThrow(
      /^Azure DevOps refuses: .*1000/,
    );
  });
});

describe('trouble on the way', () => {
  test.each(['TestRuns.Create', 'TestResults.Add', 'TestAttachments.CreateForRun'])(
    '%s, whose answer is lost, is never sent again by the client',
    async (match) => {
      const { tests, wait, newRun, create, twin } = published();
      const { id } = match === 'TestRuns.Create' ? { id: '0' } : await create();
      twin.service.faults.add({ kind: 'drop', match, when: 'after', times: 1 });
      const calls = {
        'TestRuns.Create': () => tests.create('parking', newRun),
        'TestResults.Add': () => tests.addResults('parking', id, [result('a')]),
        'TestAttachments.CreateForRun': () =>
          tests.attach('parking', id, { name: 'a', bytes: Buffer.from('x') }),
      };
      const call = calls[match as keyof typeof calls];
      await expect(wait(Promise.resolve<unknown>(call()))).rejects.toBeInstanceOf(TransientFailure);
      expect(requestsOf(twin)[match]).toBe(1);
    },
  );

  test('an end whose answer is lost is sent again: completing twice changes nothing', async () => {
    const { tests, wait, create, twin } = published();
    const { id } = await create();
    twin.service.faults.add({ kind: 'drop', match: 'TestRuns.Update', when: 'after', times: 1 });
    await wait(tests.complete('parking', id, STARTED_AT));
    expect(requestsOf(twin)['TestRuns.Update']).toBe(2);
  });

  test('403 is a refusal that says what to grant', async () => {
    const { create, twin } = published();
    twin.service.faults.add({
      kind: 'status',
      match: 'TestRuns.*',
      status: 403,
      message: 'needs Create test runs',
    });
    const failed = create();
    await expect(failed).rejects.toBeInstanceOf(Refusal);
    await expect(failed).rejects.toThrow(
      /does not allow this .*needs Create test runs.*Grant it, then retry/,
    );
  });

  test('a test run that is gone is a refusal; a project that is gone, too', async () => {
    const { tests, wait, newRun } = published();
    await expect(wait(tests.addResults('parking', '99', [result('a')]))).rejects.toThrow(
      'Azure DevOps has no test run 99 any more: somebody deleted it.',
    );
    await expect(wait(tests.attachments('parking', '99'))).rejects.toBeInstanceOf(Refusal);
    await expect(wait(tests.create('none', newRun))).rejects.toThrow(
      'Azure DevOps has no project none or no build',
    );
    expect(await wait(tests.publishedNames('parking', '99'))).toEqual([]);
  });
});
