import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { differenceOf } from '../../shared/steps/databricks-config/difference.ts';
import { databricksConfig } from '../../shared/steps/databricks-config.ts';
import { reference } from '../../shared/steps/unity-catalog/wanted.ts';
import { CLUSTER, JOB, linesOf, openConfig, POLICY } from './databricks-config-world.ts';
import { apply, plan } from './step-runner.ts';

let config = openConfig();
beforeEach(() => {
  config = openConfig();
});
afterEach(() => expect(config.twin.violations()).toEqual([]));

describe('a release whose files are wrong', () => {
  test('is refused with all problems of all files at once', async () => {
    const twoNames = { user_name: 'a', group_name: 'b', permission_level: 'CAN_VIEW' };
    config.release({
      policies: [POLICY, POLICY, { name: 'x', definition: 7 }],
      clusters: [{ spark_version: '16' }],
      jobs: [
        {
          name: 'load',
          tasks: [
            { task_key: 'a', depends_on: [{ task_key: 'z' }], job_cluster_key: 'none' },
            { task_key: 'a' },
          ],
        },
        { name: 'report', access_control_list: [twoNames] },
      ],
      folders: [{ path: 'Shared', access_control_list: [] }],
    });
    const refusal = await config.refusal();
    expect(refusal.split('. ')).toEqual([
      'Refusal: The configuration cannot be deployed',
      'cluster-policies.json: policies x definition: must be an object, or the text of one',
      'clusters.json: clusters cluster_name: Invalid input: expected string, received undefined',
      'jobs.json: jobs load: two tasks have the key a',
      'jobs.json: jobs load: task a depends on z, which the job does not have',
      'jobs.json: jobs load: task a uses the job cluster none, which the job does not have',
      'jobs.json: jobs report access_control_list 0: must have exactly one of user_name, group_name, service_principal_name',
      'permissions.json: folders Shared path: must begin with a slash',
      'cluster policy small stands there twice: give each a name of its own.',
    ]);
  });

  test('is refused when it gives a level that such a thing does not have, or a job two owners', async () => {
    const access_control_list = [{ group_name: 'ops', permission_level: 'CAN_VEIW' }];
    const owner = (name: object) => ({ ...name, permission_level: 'IS_OWNER' });
    config.release({
      policies: [{ ...POLICY, access_control_list }],
      clusters: [{ cluster_name: 'shared', access_control_list }],
      jobs: [
        { name: 'load', access_control_list },
        { name: 'two', access_control_list: [owner({ user_name: 'a' }), owner({ user_name: 'b' })] },
        { name: 'group', access_control_list: [owner({ group_name: 'ops' })] },
      ],
      folders: [{ path: '/Shared', access_control_list }],
    });
    const of = (file: string, name: string) =>
      `${file} ${name} access_control_list 0 permission_level: CAN_VEIW is no level`;
    expect((await config.refusal()).split('. ').slice(1)).toEqual([
      `${of('cluster-policies.json: policies', 'small')} of a cluster policy: use CAN_USE`,
      `${of('clusters.json: clusters', 'shared')} of a cluster: use CAN_ATTACH_TO, CAN_RESTART or CAN_MANAGE`,
      `${of('jobs.json: jobs', 'load')} of a job: use CAN_VIEW, CAN_MANAGE_RUN, IS_OWNER or CAN_MANAGE`,
      'jobs.json: jobs two access_control_list: a job has one owner, and two entries say IS_OWNER',
      'jobs.json: jobs group access_control_list: a group cannot own a job',
      `${of('permissions.json: folders', '/Shared')} of a folder: use CAN_READ, CAN_RUN, CAN_EDIT or CAN_MANAGE.`,
    ]);
  });

  test('is refused when a file is no JSON, or has other keys', async () => {
    config.world.artifacts = {
      'databricks-config': { 'jobs.json': '{ "jobs": [', 'clusters.json': '{ "cluster": [] }' },
    };
    const refusal = await config.refusal();
    expect(refusal).toMatch(/jobs\.json is not JSON: /);
    expect(refusal).toMatch(/clusters\.json clusters: /);
    expect(refusal).toMatch(/clusters\.json: Unrecognized key: "cluster"/);
  });

  test.each([
    ['jobs', { name: 'load', description: reference('nowhere') }, `jobs.json uses ${reference('nowhere')}`],
    [
      'jobs',
      { name: 'load', description: reference('clusters.none') },
      `jobs.json uses ${reference('clusters.none')}`,
    ],
    [
      'clusters',
      { ...CLUSTER, policy_id: reference('policies.none') },
      `clusters.json uses ${reference('policies.none')}`,
    ],
    [
      'policies',
      { name: 'p', description: reference('clusters.x') },
      `cluster-policies.json uses ${reference('clusters.x')}`,
    ],
    [
      'folders',
      { path: `/${reference('outputs.x')}`, access_control_list: [] },
      `permissions.json uses ${reference('outputs.x')}`,
    ],
  ])('is refused when %s name something without a value', async (list, entry, text) => {
    config.release({ [list]: [entry] });
    expect(await config.refusal()).toContain(`${text}, which has no value in environment dev.`);
  });

  test('is refused when somebody stands in an access list twice', async () => {
    const entry = { group_name: 'ops', permission_level: 'CAN_VIEW' };
    config.release({ jobs: [{ name: 'load', access_control_list: [entry, entry] }] });
    expect(await config.refusal()).toContain(
      'jobs.json: jobs load access_control_list: must name everybody once.',
    );
  });

  test('and one without the files wants nothing', async () => {
    config.world.artifacts = {};
    expect((await config.deploy()).changes).toEqual([]);
    expect(config.twin.log.requests()).toEqual([]);
  });
});

describe('outputs of the infrastructure', () => {
  const job = { name: 'load', tags: { storage: reference('outputs.storage') }, max_concurrent_runs: 2 };
  const given = (storage: string) => {
    config.world.outputs = { 'dev/infrastructure': { outputs: { storage } } };
  };
  const tags = async () => (await config.call('GET', '/api/2.2/jobs/list?name=load')).jobs[0].settings.tags;

  test('that are not known yet are no change and take none away', async () => {
    given('st1');
    config.release({ jobs: [job] });
    await config.deploy();
    expect(await tags()).toEqual({ storage: 'st1' });
    config.world.outputs = {};
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('that are missing when they are needed are refused', async () => {
    config.release({ jobs: [job] });
    expect((await config.deploy()).refused).toBe(
      `job load needs ${reference('outputs.storage')}, which the infrastructure of this stage does not give out.`,
    );
    expect(config.names('job')).toEqual([]);
  });

  test('that change something which was not planned are refused, and planned the next time', async () => {
    given('st1');
    const other = { name: 'other' };
    config.release({ jobs: [job, other] });
    await config.deploy();
    config.world.outputs = {};
    config.release({ jobs: [job, { ...other, max_concurrent_runs: 5 }] });
    const changes = await plan(databricksConfig, config.world);
    given('st2');
    expect((await apply(databricksConfig, config.world, changes)).refused).toBe(
      'The infrastructure has given out new values, which change tags of job load. Retry the stage: its new plan ' +
        'will have this change.',
    );
    expect(linesOf((await config.deploy()).changes)[0]).toMatch(/^update job load: changes tags/);
    expect(await tags()).toEqual({ storage: 'st2' });
  });
});

describe('a difference', () => {
  const tasks = JOB.tasks;
  test.each<[string, object, object]>([
    ['what the server adds', { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }],
    ['the order of tasks and of what they depend on', { tasks }, { tasks: [...tasks].reverse() }],
    ['values that references made text', { workers: '2', on: 'true' }, { workers: 2, on: true }],
    ['what is empty and left out', { a: false, b: 0, c: '', d: [], e: {}, f: { g: false }, h: null }, {}],
    ['what the API never tells', { new_cluster: { apply_policy_default_values: true } }, { new_cluster: {} }],
    ['an identity that it does not tell', { run_as: { user_name: 'x' } }, {}],
    ['the capitals of an address', { run_as: { user_name: 'A@x.y' } }, { run_as: { user_name: 'a@x.y' } }],
    ['the spelling of a definition', { definition: '{"a":1,"b":2}' }, { definition: '{ "b": 2, "a": 1 }' }],
    ['a value that is not known yet', { a: reference('outputs.x') }, { a: 'y' }],
    [
      'the order of objects without a name',
      { l: [{ whl: 'a' }, { whl: 'b' }] },
      { l: [{ whl: 'b' }, { whl: 'a' }] },
    ],
  ])('is not %s', (_name, wanted, real) => {
    const isUnknown = (text: string) => text.includes('outputs.');
    expect(differenceOf({ ...wanted }, { ...real }, isUnknown)).toEqual([]);
  });

  test.each<[string, object, object]>([
    ['another value', { f: 1 }, { f: 2 }],
    ['a value that is missing', { f: 1 }, {}],
    ['a value inside', { f: { b: { c: 'x' } } }, { f: { b: { c: 'y' } } }],
    ['the order of parameters', { f: ['a', 'b'] }, { f: ['b', 'a'] }],
    [
      'the order of init scripts',
      { init_scripts: [{ a: 1 }, { a: 2 }] },
      { init_scripts: [{ a: 2 }, { a: 1 }] },
    ],
    ['one more task', { tasks: tasks.slice(0, 2) }, { tasks }],
    ['one task less', { tasks }, { tasks: tasks.slice(0, 2) }],
    [
      'the same library once instead of twice',
      { f: [{ whl: 'a' }, { whl: 'a' }] },
      { f: [{ whl: 'a' }, { whl: 'b' }] },
    ],
    ['another identity', { run_as: { user_name: 'x' } }, { run_as: { user_name: 'y' } }],
    ['a text where an object should be', { f: { a: 1 } }, { f: 'x' }],
    ['another definition', { definition: '{"a":1}' }, { definition: '{"a":2}' }],
  ])('is %s', (_name, wanted, real) => {
    expect(differenceOf({ ...wanted }, { ...real })).toEqual(Object.keys(wanted));
  });
});
