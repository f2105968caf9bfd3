import { beforeAll, describe, expect, test } from '@jest/globals';
import { vaultName } from '../../sandbox/cloud.ts';
import { suiteWork } from '../../sandbox/release/test-suites.ts';
import type { Run } from '../../shared/release/model.ts';
import { exampleBuild, withFiles } from './builds.ts';
import { changedBuild } from './two-builds.ts';
import type { BuildContent, ReleaseWorld } from './world.ts';
import { newReleaseWorld } from './world.ts';

const VAULT_OF_DEV = `https://${vaultName('dev')}.vault.azure.net`;

let build: BuildContent;
let changed: BuildContent;

beforeAll(async () => {
  build = await exampleBuild();
  changed = await changedBuild(build);
});

/** Releases go to production only; in dev nobody answers for the vault, in staging a secret is off and variables are gone. */
function othersAreBroken(): ReleaseWorld {
  const databricks = { work: suiteWork(new Set(['test_that_fails'])) };
  const w = newReleaseWorld({ only: 'production', instead: { [VAULT_OF_DEV]: null }, databricks });
  const group = { project: 'parking', name: 'parking-sensors-release-stg', variables: {} };
  w.twins.azureDevOps.addVariableGroup(group);
  w.twins.vaults.stg.setSecret('datalakeKey', 'x', { attributes: { enabled: false } });
  return w;
}

/** How a run ended, and why. */
function endOf({ status, stages }: Run): string[] {
  return [status, ...stages.flatMap(({ failure }) => (failure === null ? [] : [failure.reason]))];
}

describe('what is wrong with the values of other environments', () => {
  test('keeps production from no release, no redeploy and no rollback', async () => {
    const w = othersAreBroken();
    const first = await w.release(build);
    const second = await w.release(changed);
    const again = await w.redeploy(second, 'production');
    const back = await w.rollback(first, 'production');
    expect([first, second, again, back].map(endOf)).toEqual(Array(4).fill(['succeeded']));
    expect(w.twins.vaults.stg.log.count()).toBe(0);
  });

  test('keeps the policy from no rollback either, and neither does a secret of production itself', async () => {
    const w = othersAreBroken();
    await w.release(build);
    const soon = Math.floor(w.world.clock.now() / 1000) + 45;
    w.twins.vaults.prod.setSecret('datalakeKey', 'x', { attributes: { exp: soon } });
    const failing = { 'smoketests/test_added.py': 'def test_that_fails():\n    assert False\n' };
    const bad = await w.release(withFiles(changed, 'databricks-tests', failing));
    expect(endOf(bad)).toEqual(['failed', expect.stringContaining('test_that_fails')]);
    const back = w.history().runs.find(({ kind }) => kind === 'rollback');
    expect(back?.requestedBy.id).toBe('policy');
    expect(back === undefined ? null : endOf(back)).toEqual(['succeeded']);
    expect(w.world.log.map(({ text }) => text).join('\n')).toMatch(
      /datalakeKey of the key vault kv-sandbox-prod is expired/,
    );
  });
});
