import { expect, test } from '@jest/globals';
import { ask, at, createOrganization, smallBuild } from './organization.ts';

const RUNS = 'parking/_apis/test/runs';

async function createTestRun() {
  const { twin } = createOrganization();
  const build = twin.publishBuild(smallBuild());
  const body = {
    name: 'integration',
    build: { id: String(build.id) },
    automated: true,
    state: 'InProgress',
  };
  const { json } = await ask(twin, 'POST', RUNS, { body });
  return { twin, build, body, route: `${RUNS}/${at(json, 'id')}` };
}

test('results are counted, and the run is completed by its caller', async () => {
  const { twin, route } = await createTestRun();
  const results = [
    { testCaseTitle: 'a', automatedTestName: 'suite.a', outcome: 'Passed', durationInMs: 12.5 },
    { testCaseTitle: 'b', automatedTestName: 'suite.b', outcome: 'Failed', errorMessage: 'no' },
  ];
  const added = await ask(twin, 'POST', `${route}/results`, { body: results });
  expect([at(added.json, 'value.0.id'), at(added.json, 'value.1.id')]).toEqual([100_000, 100_001]);
  const { json } = await ask(twin, 'PATCH', route, { body: { state: 'Completed' } });
  expect(json).toMatchObject({ state: 'Completed', totalTests: 2, passedTests: 1, unanalyzedTests: 1 });
  expect(at(json, 'completedDate')).toBeDefined();
  expect((await ask(twin, 'POST', `${route}/results`, { body: results })).status).toBe(400);
  expect(twin.service.violations()).toEqual([]);
});

test('results are read back, and by their outcome', async () => {
  const { twin, route } = await createTestRun();
  const body = ['Passed', 'Failed', 'Passed'].map((outcome) => ({ testCaseTitle: outcome, outcome }));
  await ask(twin, 'POST', `${route}/results`, { body });
  const count = async (query: string) =>
    at((await ask(twin, 'GET', `${route}/results${query}`)).json, 'count');
  expect([await count(''), await count('?outcomes=Failed'), await count('?$top=2')]).toEqual([3, 1, 2]);
  await ask(twin, 'PATCH', `${route}/results`, { body: [{ id: 100_001, outcome: 'Passed' }] });
  expect(await count('?outcomes=Failed')).toBe(0);
  expect(twin.service.violations()).toEqual([]);
});

test.each([
  [1000, 200],
  [1001, 400],
])('%i results in one request are answered with %i', async (length, status) => {
  const { twin, route } = await createTestRun();
  const body = Array.from({ length }, () => ({ testCaseTitle: 'x', outcome: 'Passed' }));
  expect((await ask(twin, 'POST', `${route}/results`, { body })).status).toBe(status);
});

test('runs of a build are found by its URI, and two equal requests make two runs', async () => {
  const { twin, build, body } = await createTestRun();
  await ask(twin, 'POST', RUNS, { body });
  const count = async (id: number) =>
    at((await ask(twin, 'GET', `${RUNS}?buildUri=vstfs:///Build/Build/${id}`)).json, 'count');
  expect([await count(build.id), await count(build.id + 1)]).toEqual([2, 0]);
});

test('files are attached to a run and to a result', async () => {
  const { twin, route } = await createTestRun();
  await ask(twin, 'POST', `${route}/results`, { body: [{ testCaseTitle: 'x', outcome: 'Failed' }] });
  const stream = Buffer.from('<testsuite/>').toString('base64');
  const body = { stream, fileName: 'junit.xml', attachmentType: 'GeneralAttachment' };
  expect((await ask(twin, 'POST', `${route}/attachments`, { body })).status).toBe(200);
  expect((await ask(twin, 'POST', `${route}/results/100000/attachments`, { body })).status).toBe(200);
  expect((await ask(twin, 'POST', `${route}/results/5/attachments`, { body })).status).toBe(404);
  const broken = { ...body, stream: 'not base64!' };
  expect((await ask(twin, 'POST', `${route}/attachments`, { body: broken })).status).toBe(400);
  const { json } = await ask(twin, 'GET', `${route}/attachments`);
  expect(json).toMatchObject({ count: 1, value: [{ fileName: 'junit.xml', size: 12 }] });
  expect(twin.service.violations()).toEqual([]);
});
