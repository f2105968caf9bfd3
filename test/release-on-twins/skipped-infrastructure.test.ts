import { expect, test } from '@jest/globals';
import { exampleBuild, withFiles } from './builds.ts';
import { newReleaseWorld } from './world.ts';

test('a release that leaves the infrastructure out has its outputs from the deployment before', async () => {
  const options = { only: 'staging', skip: [] as readonly string[] };
  const w = newReleaseWorld(options);
  const example = await exampleBuild();
  expect((await w.release(example)).status).toBe('succeeded');
  const output = `\${outputs.accessConnectorId}`;
  const edit = (file: string, change: (content: string) => string) => {
    const text = Buffer.from(example['databricks-config']?.[file] ?? '').toString();
    return { [file]: change(text) };
  };
  const build = withFiles(example, 'databricks-config', {
    ...edit('unity-catalog.json', (text) =>
      text.replace(
        '"storage_credentials": [',
        `"storage_credentials": [{ "name": "added", "azure_managed_identity": { "access_connector_id": "${output}" } },`,
      ),
    ),
    ...edit('jobs.json', (text) => text.replace('"Bronze to gold for one load"', `"For ${output}"`)),
    ...edit('tests.json', (text) => text.replace('"run_name": "', `"run_name": "${output} `)),
  });
  options.skip = ['infrastructure'];
  const puts = () => w.twins.arm.log.requests().filter(({ method }) => method === 'PUT').length;
  const before = puts();
  const run = await w.release(build);
  expect(run.stages.flatMap(({ failure }) => failure?.reason ?? [])).toEqual([]);
  const stages = run.stages.map(({ name, status }) => `${name} ${status}`);
  expect(stages).toEqual(['intake succeeded', 'staging succeeded', 'integration-tests succeeded']);
  expect(puts()).toBe(before);
});
