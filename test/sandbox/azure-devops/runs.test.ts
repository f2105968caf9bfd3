import { expect, test } from '@jest/globals';
import { ask, at, createOrganization, smallBuild } from './organization.ts';

function createPipeline() {
  const { twin } = createOrganization();
  const stages = [{ name: 'dev' }, { name: 'prod' }];
  const { id } = twin.addPipeline({ project: 'parking', name: 'release', stages });
  return { twin, route: `parking/_apis/pipelines/${id}/runs`, id };
}

test('two equal requests start two runs', async () => {
  const { twin, route } = createPipeline();
  const first = await ask(twin, 'POST', route, { body: {} });
  const second = await ask(twin, 'POST', route, { body: {} });
  expect(at(first.json, 'id')).not.toBe(at(second.json, 'id'));
  expect(at((await ask(twin, 'GET', route)).json, 'count')).toBe(2);
});

test('a run is the build of the same id', async () => {
  const { twin, route, id } = createPipeline();
  const { json } = await ask(twin, 'POST', route, { body: {}, as: 'Bob Example' });
  const build = await ask(twin, 'GET', `parking/_apis/build/builds/${at(json, 'id')}`);
  expect(build.json).toMatchObject({
    definition: { id },
    reason: 'manual',
    result: 'succeeded',
    requestedFor: { displayName: 'Bob Example' },
  });
  expect(twin.service.violations()).toEqual([]);
});

test('a run keeps its parameters and resources, and hides secret variables', async () => {
  const { twin, route } = createPipeline();
  const artifacts = twin.publishBuild(smallBuild({ buildNumber: '42' }));
  const body = {
    templateParameters: { releaseId: 'r-1' },
    variables: { plain: { value: 'x' }, hidden: { value: 'y', isSecret: true } },
    resources: {
      repositories: { self: { refName: 'refs/heads/x' } },
      pipelines: { ci: { version: '42' } },
    },
  };
  const { json } = await ask(twin, 'POST', route, { body });
  const again = await ask(twin, 'GET', `${route}/${at(json, 'id')}`);
  expect(again.json).toEqual(json);
  expect(json).toMatchObject({
    templateParameters: { releaseId: 'r-1' },
    variables: { plain: { value: 'x' }, hidden: { value: null, isSecret: true } },
    resources: {
      repositories: { self: { refName: 'refs/heads/x' } },
      pipelines: { ci: { version: '42', pipeline: { id: artifacts.definitionId } } },
    },
  });
  expect(twin.service.violations()).toEqual([]);
});

test('a stage that is left out is skipped, and the next one runs all the same', async () => {
  const { twin, route } = createPipeline();
  const { json } = await ask(twin, 'POST', route, { body: { stagesToSkip: ['dev'] } });
  expect(at(json, 'result')).toBe('succeeded');
  const timeline = await ask(twin, 'GET', `parking/_apis/build/builds/${at(json, 'id')}/timeline`);
  expect([at(timeline.json, 'records.0.result'), at(timeline.json, 'records.1.result')]).toEqual([
    'skipped',
    'succeeded',
  ]);
});

test('a run of a pipeline without stages stays in progress until it is completed', async () => {
  const { twin } = createOrganization();
  const run = twin.startRun({ project: 'parking', pipeline: 'empty' });
  expect(run.status).toBe('inProgress');
  twin.completeStage({ runId: run.id, stage: '__default', result: 'succeeded' });
  expect(run.result).toBe('succeeded');
});

test('a run is not found under another pipeline', async () => {
  const { twin, route } = createPipeline();
  const other = twin.addPipeline({ project: 'parking', name: 'other', stages: [] });
  const { json } = await ask(twin, 'POST', route, { body: {} });
  const path = `parking/_apis/pipelines/${other.id}/runs/${at(json, 'id')}`;
  expect((await ask(twin, 'GET', path)).status).toBe(404);
});

test('pipelines are listed and read', async () => {
  const { twin, id } = createPipeline();
  const { json } = await ask(twin, 'GET', 'parking/_apis/pipelines');
  expect(at(json, 'value.0')).toMatchObject({ id, name: 'release', folder: '\\' });
  expect((await ask(twin, 'GET', `parking/_apis/pipelines/${id}`)).json).toEqual(at(json, 'value.0'));
  const definitions = await ask(twin, 'GET', 'parking/_apis/build/definitions?name=release');
  expect(at(definitions.json, 'value.0.id')).toBe(id);
  expect(twin.service.violations()).toEqual([]);
});
