import { expect, test } from '@jest/globals';
import type { Twin } from '../../sandbox/twin/model.ts';
import { kindsAt } from '../engine/simulator/faults.ts';
import { Random } from '../engine/simulator/random.ts';
import { exampleBuild } from './builds.ts';
import { faultFreeOf, violationsOf } from './invariants.ts';
import { sampleOf } from './parts.ts';
import type { Finding } from './sweep.ts';
import { baseOf, singleFaults, tryFault } from './sweep.ts';
import { newReleaseWorld } from './world.ts';

const SAMPLE = 16;

/** All of them are for `npx tsx test/release-on-twins/sweep-command.ts`. */
test(`a release survives a fault at any of its requests (${SAMPLE} of all, spread evenly)`, async () => {
  const base = await baseOf(await exampleBuild());
  const all = singleFaults(base);
  const from = new Random(1).between(0, Math.floor(all.length / SAMPLE) - 1);
  const findings: Finding[] = [];
  for (const fault of sampleOf(all, { count: SAMPLE, kinds: kindsAt('outside').length, from })) {
    const finding = await tryFault(base, fault);
    if (finding !== null) findings.push(finding);
  }
  expect(findings).toEqual([]);
}, 180_000);

test('what a second deployment, a lost notebook or a leaked secret leaves behind is noticed', async () => {
  const w = newReleaseWorld();
  await w.release(await exampleBuild());
  const faultFree = faultFreeOf(w);
  expect(violationsOf(w, 0, faultFree)).toEqual([]);
  w.world.contents.set('leak', Buffer.from('the key is sandbox-datalakeKey-dev'));
  const group = w.twins.arm.resources()[0];
  if (group !== undefined) w.twins.arm.removeResource(group.id);
  w.twins.workspaces.dev.log.end(
    w.twins.workspaces.dev.log.start({ operation: 'Catalogs.create', method: 'POST', path: '/' }),
    200,
  );
  expect(violationsOf(w, 0, faultFree).map((line) => line.slice(0, 32))).toEqual([
    expect.stringContaining('I3 what is deployed'),
    expect.stringContaining('I3 what was made'),
    expect.stringContaining('I8 a secret stands in content'),
  ]);
});

test('a write to an environment before its approval is noticed, wherever it goes', async () => {
  const w = newReleaseWorld({ only: 'production' });
  await w.release(await exampleBuild());
  const faultFree = faultFreeOf(w);
  expect(violationsOf(w, 0, faultFree)).toEqual([]);
  const { workspaces, arm, appConfigurations } = w.twins;
  const write = (twin: Twin, operation: string, path: string) => {
    twin.log.start({ operation, method: 'PUT', path }).startedAt = 0;
  };
  write(workspaces.prod, 'Files.upload', '/api/2.0/fs/files/Volumes/a');
  write(
    arm,
    'Deployments_CreateOrUpdate',
    '/subscriptions/1/resourceGroups/RG-parking-sensors-prod/providers/x',
  );
  write(arm, 'ResourceGroups_CreateOrUpdate', '/subscriptions/1/resourcegroups/rg-parking-sensors-prod');
  write(
    arm,
    'Deployments_CreateOrUpdate',
    '/subscriptions/1/resourceGroups/rg-parking-sensors-dev/providers/x',
  );
  write(appConfigurations.prod, 'PutKeyValue', '/kv/.appconfig.featureflag/a');
  expect(violationsOf(w, 0, faultFree)).toEqual([
    'I5 Files.upload in production before its approval',
    'I5 PutKeyValue in production before its approval',
    'I5 Deployments_CreateOrUpdate in production before its approval',
    'I5 ResourceGroups_CreateOrUpdate in production before its approval',
  ]);
});
