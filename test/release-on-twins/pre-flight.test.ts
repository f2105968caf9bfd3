import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Run } from '../../shared/release/model.ts';
import { exampleBuild, withFiles } from './builds.ts';
import { writesIn } from './twins.ts';
import type { BuildContent, ReleaseWorld } from './world.ts';
import { newReleaseWorld } from './world.ts';

let build: BuildContent;

beforeAll(async () => {
  build = await exampleBuild();
});

/** A world in which things go wrong until they are mended. */
function brokenWorld({ staging = false, production = false, rights = '' } = {}) {
  let missing = rights;
  const permits = (_who: string, action: string, scope: string) =>
    missing === '' || !action.startsWith('Microsoft.Storage/') || !scope.endsWith(missing);
  const world = newReleaseWorld({
    arm: { permits: (who, action, scope) => permits(who, action, groupOf(scope)) },
  });
  const { stg, prod } = world.twins.workspaces;
  if (staging) stg.faults.add({ kind: 'drop', when: 'before' });
  if (production) prod.faults.add({ kind: 'drop', when: 'before' });
  const mend = () => {
    missing = '';
    stg.faults.clear();
    prod.faults.clear();
  };
  return { world, mend };
}

function groupOf(scope: string): string {
  return /\/resourceGroups\/([^/]+)/i.exec(scope)?.[1]?.toLowerCase() ?? '';
}

/** Why the run ended before its first write. */
function reasonOf({ twins }: ReleaseWorld, { status, stages }: Run): string {
  expect(status).toBe('failed');
  expect(stages.map((stage) => stage.status)).toEqual(['failed', ...stages.slice(1).map(() => 'skipped')]);
  expect(writesIn(twins)).toEqual([]);
  expect(stages[0]?.failure?.step).toBe('pre-flight');
  return stages[0]?.failure?.reason ?? '';
}

/** Whether the run looked ahead in vain for problems, and then deployed. */
function goesOn({ stages }: Run): boolean {
  return ['intake', 'dev', 'staging'].every(
    (name) => stages.find((stage) => stage.name === name)?.status === 'succeeded',
  );
}

function attemptsOf({ stages }: Run): number | undefined {
  return stages[0]?.steps.find(({ name }) => name === 'pre-flight')?.attempt;
}

/** Changes a variable of production as a person does in the Library. */
async function setVariable({ twins }: ReleaseWorld, name: string, value: string): Promise<void> {
  const { azureDevOps, identity } = twins;
  const group = 'parking-sensors-release-prod';
  const token = await identity.getToken('499b84ac-1321-427f-aa17-267ca6975798/.default');
  const { body } = await azureDevOps.service.handle({
    method: 'GET',
    url: `https://dev.azure.com/contoso/parking/_apis/distributedtask/variablegroups?groupName=${group}&api-version=7.1`,
    headers: { authorization: `Bearer ${token?.token}` },
    body: new Uint8Array(),
  });
  const [{ variables }] = JSON.parse(Buffer.from(body).toString()).value;
  azureDevOps.addVariableGroup({
    project: 'parking',
    name: group,
    variables: { ...variables, [name]: { value } },
  });
}

const NO_RIGHT = /storageAccounts\/write' at scope .* Give it the role Contributor on the resource group/;
const SILENT =
  /: no answer \(.*databricksWorkspaceUrl \(https:\/\/adb-1000000000000003[^)]*\) names the workspace/;

describe('what would stop a release in its last environment is found before its first write', () => {
  test('a workspace that nobody can reach, after a few tries; when it is back, a retry goes on', async () => {
    const { world, mend } = brokenWorld({ production: true });
    const run = await world.release(build);
    const reason = reasonOf(world, run);
    expect(reason).toMatch(/^The release cannot go through\. production[^:]*: .*no answer/);
    expect(reason).toMatch(SILENT);
    expect(reason.match(/no answer/g)).toHaveLength(1);
    expect(attemptsOf(run)).toBe(5);
    mend();
    expect(goesOn(await world.retry(run))).toBe(true);
  });

  test('a template that Azure does not take with the values of production', async () => {
    const { world } = brokenWorld();
    const parameters = JSON.parse(String(build.infrastructure?.['main.parameters.prod.json']));
    parameters.parameters.storageAccountName = { value: 'Not A Name' };
    const files = { 'main.parameters.prod.json': JSON.stringify(parameters) };
    const run = await world.release(withFiles(build, 'infrastructure', files));
    expect(reasonOf(world, run)).toMatch(/^The release cannot go through\. production, infrastructure: /);
    expect(goesOn(await world.release(build))).toBe(true);
  });

  test('a right that is missing in the resource group, at once; when it is given, a retry goes on', async () => {
    const { world, mend } = brokenWorld({ rights: 'rg-parking-sensors-prod' });
    const run = await world.release(build);
    expect(reasonOf(world, run)).toMatch(NO_RIGHT);
    expect(attemptsOf(run)).toBe(1);
    mend();
    expect(goesOn(await world.retry(run))).toBe(true);
  });

  test('two things at once, in one list', async () => {
    const { world, mend } = brokenWorld({ production: true, rights: 'rg-parking-sensors-stg' });
    const run = await world.release(build);
    const reason = reasonOf(world, run);
    expect(reason).toMatch(/ staging, infrastructure: .*role Contributor.* production[^:]*: .*no answer /);
    expect(reason).toMatch(NO_RIGHT);
    expect(reason).toMatch(SILENT);
    expect(reason).toMatch(/ Nothing was deployed\. Put this right, then retry\.$/);
    expect(attemptsOf(run)).toBe(1);
    mend();
    expect(goesOn(await world.retry(run))).toBe(true);
  });

  test('a variable that is wrong; a retry works with the one that was put right', async () => {
    const { world } = brokenWorld();
    await setVariable(world, 'rgName', 'rg-none');
    const run = await world.release(build);
    expect(reasonOf(world, run)).toMatch(/production, infrastructure: There is no resource group rg-none\./);
    await setVariable(world, 'rgName', 'rg-parking-sensors-prod');
    expect(goesOn(await world.retry(run))).toBe(true);
  });
});

describe('looking ahead', () => {
  /** What every twin was asked for while the run looked ahead, which is all that it did there. */
  async function askedFor(world: ReleaseWorld) {
    reasonOf(world, await world.release(build));
    const { arm, workspaces } = world.twins;
    return { arm: arm.log.counts(), dev: workspaces.dev.log.counts() };
  }

  test('asks each workspace and Azure a few times', async () => {
    const { world } = brokenWorld({ rights: 'rg-parking-sensors-prod' });
    const { arm, dev } = await askedFor(world);
    const total = Object.values(dev).reduce((sum, count) => sum + count, 0);
    console.log('requests of a look ahead:', { arm, dev, total });
    expect(arm).toMatchObject({ Deployments_WhatIf: 3, Deployments_Validate: 2 });
    expect(total).toBeLessThanOrEqual(25);
  });

  test('takes as long as the slowest environment, not as long as all', async () => {
    const { world } = brokenWorld();
    const { stages } = await world.release(build);
    const [intake] = stages;
    const took = (intake?.endedAt ?? 0) - (intake?.startedAt ?? 0);
    console.log(`the intake with a look ahead took ${took} ms of virtual time`);
    expect(took).toBeLessThan(10_000);
  });

  test('says what every environment would change, before anything is changed', async () => {
    const { world } = brokenWorld();
    const { stages } = await world.release(build);
    const output = stages[0]?.steps.find(({ name }) => name === 'pre-flight')?.output;
    expect(Object.keys(output?.environments ?? {})).toEqual(['dev', 'staging', 'production']);
    for (const [name, planned] of Object.entries(output?.environments ?? {})) {
      const plan = stages.find((each) => each.name === name)?.plan;
      if (plan !== null) expect(planned).toMatchObject(plan?.changes ?? {});
      expect(planned).toMatchObject({ steps: { infrastructure: { delete: 0 }, notebooks: { delete: 0 } } });
    }
  });

  test('looks at one environment only where a run has no other', async () => {
    const { world } = brokenWorld();
    const run = await world.release(build);
    const { dev, stg } = world.twins.workspaces;
    dev.log.clear();
    stg.log.clear();
    const again = await world.redeploy(run, 'staging');
    expect(again.stages[0]?.status).toBe('succeeded');
    const output = again.stages[0]?.steps.find(({ name }) => name === 'pre-flight')?.output;
    expect(output?.environments).toEqual({
      staging: expect.objectContaining({ create: 0, update: 0, delete: 0 }),
    });
    expect(dev.log.count()).toBe(0);
    expect(stg.log.count()).toBeGreaterThan(0);
  });
});
