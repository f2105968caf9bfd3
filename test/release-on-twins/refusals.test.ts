import { beforeAll, describe, expect, test } from '@jest/globals';
import { zipOf } from '../../sandbox/azure-devops/zip.ts';
import { collidingNotebooks, notebookOfSize } from '../../tools/example/odd-notebooks.ts';
import { rawZip } from '../adapters/raw-zip.ts';
import { exampleBuild, withFiles } from './builds.ts';
import { writesIn } from './twins.ts';
import type { BuildContent, ReleaseWorld } from './world.ts';
import { newReleaseWorld } from './world.ts';

const CONTENT = 'https://artprodweu3.artifacts.visualstudio.com';
const DEV = 'https://adb-1000000000000001.1.azuredatabricks.net';

let build: BuildContent;

beforeAll(async () => {
  build = await exampleBuild();
});

/** Why the release failed, in one stage; nothing may have been written to a workspace or to Azure by then. */
async function reasonOf(content: BuildContent, w: ReleaseWorld = newReleaseWorld()) {
  const run = await w.release(content);
  const failed = run.stages.filter(({ failure }) => failure !== null);
  expect(run.status).toBe('failed');
  expect(failed).toHaveLength(1);
  expect(writesIn(w.twins)).toEqual([]);
  expect(w.history().ended).toBe(true);
  return failed[0]?.failure?.reason ?? '';
}

describe('one clear error says cause and next step before anything is written', () => {
  test('when required variables are missing', async () => {
    const variables = { databricksNotebookPath: null, nodeTypeId: null };
    const reason = await reasonOf(build, newReleaseWorld({ variables }));
    expect(reason).toMatch(
      /group parking-sensors-release-dev has no value for databricksNotebookPath, nodeTypeId/,
    );
    expect(reason).toMatch(/parking-sensors-release-prod .* then retry\.$/);
  });

  test('when a secret is disabled', async () => {
    const w = newReleaseWorld();
    w.twins.vaults.stg.setSecret('datalakeKey', 'x', { attributes: { enabled: false } });
    const reason = await reasonOf(build, w);
    expect(reason).toMatch(
      /stg: the secret datalakeKey of the key vault kv-sandbox-stg is disabled.*then retry/,
    );
  });

  test('when the workspace answers with its sign-in page', async () => {
    const w = newReleaseWorld();
    w.twins.workspaces.dev.faults.add({ kind: 'login-redirect' });
    expect(await reasonOf(build, w)).toMatch(
      /sign-in page .* variable databricksWorkspaceUrl .* private link/,
    );
  });

  test('when nobody answers at the address of the workspace', async () => {
    const reason = await reasonOf(build, newReleaseWorld({ instead: { [DEV]: null } }));
    expect(reason).toMatch(
      /no answer .* Check that the variable databricksWorkspaceUrl \(.*network reaches it/,
    );
  });

  test('when the build published no notebooks, so that none of the live ones goes', async () => {
    const { 'databricks-notebooks': _left, ...others } = build;
    expect(await reasonOf(others)).toMatch(
      /did not publish databricks-notebooks; it published: .* skip: \[notebooks\] into every environment .* build again/,
    );
  });

  test('when the template was not compiled', async () => {
    const reason = await reasonOf(withFiles(build, 'infrastructure', { 'main.json': null }));
    expect(reason).toMatch(/main\.json, which the build did not publish: compile it with az bicep build/);
  });

  test('when the template is not valid', async () => {
    const main = String(build.infrastructure?.['main.json']).replace(
      "[parameters('location')]",
      "[parameters('gone')]",
    );
    const reason = await reasonOf(withFiles(build, 'infrastructure', { 'main.json': main }));
    expect(reason).toMatch(/Azure Resource Manager refuses: InvalidTemplate: .*'gone'/);
  });

  test('when an archive wants to write outside its folder', async () => {
    const headers = { 'content-type': 'application/zip' };
    const body = rawZip([{ name: '../../etc/evil.py', content: 'x' }]);
    const instead = { [CONTENT]: { handle: async () => ({ status: 200, headers, body }) } };
    const reason = await reasonOf(build, newReleaseWorld({ instead }));
    expect(reason).toMatch(
      /invalid relative path: \.\.\/\.\.\/etc\/evil\.py.*Correct the build, then build again/,
    );
  });

  test('when a wheel has no metadata', async () => {
    const [name = ''] = Object.keys(build['python-wheel'] ?? {});
    const empty = await zipOf(new Map([['a.py', Buffer.from('x')]]));
    const reason = await reasonOf(withFiles(build, 'python-wheel', { [name]: empty }));
    expect(reason).toMatch(/-none-any\.whl has no METADATA in its \.dist-info folder/);
  });

  test('when two notebooks would have one name without their extensions', async () => {
    const files = Object.fromEntries(collidingNotebooks().map(({ path, content }) => [path, content]));
    const reason = await reasonOf(withFiles(build, 'databricks-notebooks', files));
    expect(reason).toMatch(
      /report\.py and collision\/report\.sql would both become .*: rename one\. Nothing was/,
    );
  });

  test('when a notebook has 11 MB', async () => {
    const { path, content } = notebookOfSize('big/eleven.py', 11 * 1024 * 1024);
    const reason = await reasonOf(withFiles(build, 'databricks-notebooks', { [path]: content }));
    expect(reason).toMatch(/big\/eleven\.py has 11\.0 MB; Databricks takes at most 10 MB: make it smaller/);
  });
});
