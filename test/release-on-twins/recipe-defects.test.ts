import { beforeAll, describe, expect, test } from '@jest/globals';
import { ENVIRONMENT_KEYS } from '../../sandbox/cloud.ts';
import { exampleBuild, withFiles, withWheel } from './builds.ts';
import { deployedIn } from './deployed.ts';
import { publishBuild, writesTo } from './twins.ts';
import type { BuildContent } from './world.ts';
import { newReleaseWorld } from './world.ts';

const INGEST = 'bronze/01_ingest.py';
const NOTEBOOK = '# Databricks notebook source\n';

let build: BuildContent;

beforeAll(async () => {
  build = await exampleBuild();
});

/** What the usual release pipeline of YAML and scripts does wrong, seen in a whole release. */
describe('defects of the usual release pipeline that cannot happen here', () => {
  test('artifacts come from the build that is released, not from the run that happens to be the last', async () => {
    const w = newReleaseWorld();
    const older = withFiles(build, 'databricks-notebooks', { [INGEST]: `${NOTEBOOK}print("older")\n` });
    const id = publishBuild(w.twins, older);
    publishBuild(w.twins, build);
    expect((await w.releaseBuild(id)).status).toBe('succeeded');
    const direct = newReleaseWorld();
    await direct.release(older);
    expect(deployedIn(w)).toEqual(deployedIn(direct));
  });

  test('an upload that fails is red, with its reason, and the environments after it stay as they are', async () => {
    const w = newReleaseWorld();
    w.twins.workspaces.stg.faults.add({ kind: 'status', match: 'Workspace.import', status: 500 });
    const run = await w.release(build);
    expect(run.status).toBe('failed');
    expect(run.stages.map(({ name, status }) => `${name} ${status}`)).toEqual([
      ...['intake succeeded', 'dev succeeded', 'staging failed'],
      ...['integration-tests skipped', 'production skipped', 'smoke-tests skipped', 'rollout skipped'],
    ]);
    expect(run.stages[2]?.failure).toMatchObject({ step: 'notebooks', phase: 'apply' });
    expect(run.stages[2]?.failure?.reason).toMatch(/workspace\/import: 500/);
    expect(writesTo(w.twins.workspaces.prod)).toEqual([]);
  });

  test('a gate holds everything of its stage back: unapproved, nothing is written and the run ends', async () => {
    const w = newReleaseWorld({ approves: false });
    const run = await w.release(build);
    expect(run.status).toBe('timed-out');
    expect(writesTo(w.twins.workspaces.dev)).not.toEqual([]);
    expect(writesTo(w.twins.workspaces.stg)).toEqual([]);
    const deployed = writesTo(w.twins.arm).map(({ path }) => path);
    expect(deployed.filter((path) => !path.includes('rg-parking-sensors-dev'))).toEqual([]);
  });

  test('paths are those of each environment', async () => {
    const w = newReleaseWorld({ variables: { databricksNotebookPath: '/Workspace/Shared/{key}/notebooks' } });
    expect((await w.release(build)).status).toBe('succeeded');
    for (const key of ENVIRONMENT_KEYS) {
      const objects = w.twins.workspaces[key]
        .inventory()
        .filter(({ kind }) => /^(notebook|file)$/.test(kind));
      expect(objects.length).toBeGreaterThan(5);
      const own = new RegExp(`^/Shared/${key}/notebooks(-tests)?/`);
      expect(objects.filter(({ name }) => !own.test(name))).toEqual([]);
    }
  });

  test('a wheel in a new version has a new name, and the old one stays for jobs that run', async () => {
    const w = newReleaseWorld();
    await w.release(build);
    const wheels = () =>
      w.twins.workspaces.prod
        .inventory()
        .filter(({ kind, name }) => kind === 'volume-file' && name.endsWith('.whl'))
        .map(({ name }) => name.split('/').at(-1));
    const old = wheels();
    expect((await w.release(await withWheel(build, '9.9.9'))).status).toBe('succeeded');
    expect(wheels()).toEqual([...old, 'parking_sensors-9.9.9-py3-none-any.whl']);
  });

  test('no secret is read for a release: its tokens are the identity of the service', async () => {
    const w = newReleaseWorld();
    await w.release(build);
    for (const key of ENVIRONMENT_KEYS)
      expect(Object.keys(w.twins.vaults[key].log.counts())).toEqual(['GetSecretVersions']);
  });

  test('metrics of every stage leave the service once', async () => {
    const w = newReleaseWorld();
    await w.release(build);
    const stages = w.app.records
      .filter(({ name }) => name === 'deployment_stage_completed')
      .map(({ properties }) => properties.stage);
    expect(stages).toEqual([
      ...['intake', 'dev', 'staging', 'integration-tests'],
      ...['production', 'smoke-tests', 'rollout'],
    ]);
  });

  test('a notebook that left the project leaves every environment', async () => {
    const w = newReleaseWorld();
    await w.release(build);
    const isThere = (key: (typeof ENVIRONMENT_KEYS)[number]) =>
      w.twins.workspaces[key].inventory().some(({ name }) => name.endsWith('/bronze/01_ingest'));
    expect(ENVIRONMENT_KEYS.map(isThere)).toEqual([true, true, true]);
    await w.release(withFiles(build, 'databricks-notebooks', { [INGEST]: null }));
    expect(ENVIRONMENT_KEYS.map(isThere)).toEqual([false, false, false]);
  });
});
