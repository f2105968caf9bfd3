import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { linesOf, openConfig } from './databricks-config-world.ts';

let config = openConfig();
beforeEach(() => {
  config = openConfig();
});
afterEach(() => expect(config.twin.violations()).toEqual([]));

const LOADER = '8c1f0c1e-6d1b-4c39-9a50-0c7d0b7f1a11';
const asLoader = { name: 'load', run_as: { service_principal_name: LOADER } };
const asAda = { name: 'load', run_as: { user_name: 'Ada@Example.com' } };
const deploy = async (job: object) => {
  config.release({ jobs: [job] });
  const { changes, refused } = await config.redeploy();
  expect(refused).toBeNull();
  return linesOf(changes);
};
const job = async () => {
  const [{ job_id }] = (await config.call('GET', '/api/2.2/jobs/list?name=load')).jobs;
  return config.call('GET', `/api/2.2/jobs/get?job_id=${job_id}`);
};
const runsAs = async () => (await job()).run_as_user_name;
const byHand = async (run_as: object) =>
  config.call('POST', '/api/2.2/jobs/update', { job_id: (await job()).job_id, new_settings: { run_as } });

describe('whom a job runs as', () => {
  test('is what its file says, whatever capitals it has, and nothing changes then', async () => {
    await deploy(asAda);
    expect(await deploy(asAda)).toEqual([]);
    expect(await deploy(asLoader)).toEqual(['update job load: changes run_as']);
    expect(await runsAs()).toBe(LOADER);
    expect(await deploy(asLoader)).toEqual([]);
  });

  test('is Slipway again when it leaves the file, though a reset without it changes nothing', async () => {
    await deploy(asLoader);
    expect(await deploy({ name: 'load' })).toEqual(['update job load: changes run_as']);
    expect(await runsAs()).toBe('twin-user');
    expect(await deploy({ name: 'load' })).toEqual([]);
    expect(config.writes()).toBe(0);
  });

  test.each([[asLoader], [{ name: 'load' }]])('is put right when somebody changes it (%j)', async (file) => {
    await deploy(file);
    const before = await runsAs();
    await byHand({ user_name: 'mallory@example.com' });
    expect(await deploy(file)).toEqual([
      'update job load: changes run_as, which somebody changed in the workspace',
    ]);
    expect(await runsAs()).toBe(before);
  });

  test('is not asked for where Slipway made the job and it runs as its maker', async () => {
    await deploy({ name: 'load' });
    expect(await deploy({ name: 'load' })).toEqual([]);
    expect(config.twin.log.counts()).toEqual({ 'Jobs.get': 1 });
  });

  test('is what it was before when a job that was taken over leaves the file', async () => {
    await config.call('POST', '/api/2.2/jobs/create', asLoader);
    const [line] = await deploy({ name: 'load' });
    expect(line).toMatch(/^update job load: takes over job \d+, which Slipway did not make; changes run_as$/);
    expect(await runsAs()).toBe('twin-user');
    config.release({ jobs: [] });
    expect((await config.deploy()).refused).toBeNull();
    expect(await runsAs()).toBe(LOADER);
  });

  test('is left to its owner where the file names one', async () => {
    const owner = { service_principal_name: LOADER, permission_level: 'IS_OWNER' };
    await deploy({ name: 'load', access_control_list: [owner] });
    await byHand({ service_principal_name: LOADER });
    expect(await deploy({ name: 'load', access_control_list: [owner] })).toEqual([]);
  });
});
