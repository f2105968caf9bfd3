import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../../shared/release/canonical-json.ts';
import { databricksConfig } from '../../shared/steps/databricks-config.ts';
import { CLUSTER, exampleFile, JOB, linesOf, openConfig, POLICY } from './databricks-config-world.ts';
import { contextOf, plan } from './step-runner.ts';

let config = openConfig();
beforeEach(() => {
  config = openConfig();
});
afterEach(() => expect(config.twin.violations()).toEqual([]));

const OPS = { group_name: 'ops', permission_level: 'CAN_MANAGE_RUN' };
const all = () => config.release({ policies: [POLICY], clusters: [CLUSTER], jobs: [JOB] });
const jobNamed = async (name: string) => {
  const { jobs = [] } = await config.call('GET', `/api/2.2/jobs/list?expand_tasks=true&name=${name}`);
  return jobs[0];
};
const accessTo = async (path: string) => {
  const { access_control_list: list = [] } = await config.call('GET', `/api/2.0/permissions/${path}`);
  return list
    .flatMap((one: { group_name?: string; all_permissions: { permission_level: string }[] }) =>
      one.group_name === undefined || one.group_name === 'admins'
        ? []
        : one.all_permissions.map(({ permission_level }) => `${one.group_name} ${permission_level}`),
    )
    .sort();
};

describe('a first deployment', () => {
  test('makes policies, clusters and jobs in this order, and links them by their ids', async () => {
    all();
    const { changes, refused, output } = await config.deploy();
    expect(refused).toBeNull();
    expect(linesOf(changes)).toEqual([
      'create cluster policy small: with definition',
      'create cluster shared: with node_type_id, num_workers, policy_id, spark_version',
      'create job load: with max_concurrent_runs, tasks',
    ]);
    const job = await jobNamed('load');
    const { cluster_id, policy_id } = (await config.call('GET', '/api/2.1/clusters/list')).clusters[0];
    expect(job.settings.tasks[0].existing_cluster_id).toBe(cluster_id);
    const { policies } = await config.call('GET', '/api/2.0/policies/clusters/list');
    expect(policies[0]).toMatchObject({ policy_id, definition: canonicalJson(POLICY.definition) });
    expect(output).toMatchObject({
      policies: { small: policy_id },
      clusters: { shared: cluster_id },
      jobs: { load: String(job.job_id) },
    });
    expect(config.written()).toEqual({
      ...{ 'ClusterPolicies.create': 1, 'Clusters.create': 1, 'Jobs.create': 1 },
    });
  });

  test('has the same plan when some of it is there already, but for what is there', async () => {
    all();
    const first = await plan(databricksConfig, config.world);
    config.release({ clusters: [], jobs: [] });
    await config.deploy();
    all();
    const second = await plan(databricksConfig, config.world);
    expect(second).toEqual(first.filter(({ target }) => target !== 'cluster policy small'));
  });

  test('of the example makes all that its files have', async () => {
    config = openConfig();
    const { variables } = config.world.values;
    Object.assign(variables, {
      nodeTypeId: 'Standard_D4ds_v5',
      clusterPolicyId: '',
      scheduleState: 'PAUSED',
      databricksDbfsLibPath: '/Workspace/Shared',
    });
    const { policy_id } = await config.call('POST', '/api/2.0/policies/clusters/create', {
      name: 'platform',
    });
    Object.assign(variables, { clusterPolicyId: policy_id });
    config.world.artifacts = {
      'databricks-notebooks': { 'bronze/01_ingest.py': '# Databricks notebook source\n1' },
      'python-wheel': { 'parking_sensors-1.0.0-py3-none-any.whl': 'wheel' },
    };
    await config.call('POST', '/api/2.0/workspace/mkdirs', { path: '/Shared/parking-sensors' });
    await config.call('POST', '/api/2.0/workspace/import', {
      ...{ path: '/Shared/parking_sensors-1.0.0-py3-none-any.whl', format: 'RAW', content: 'd2hlZWw=' },
    });
    config.release({
      ...exampleFile('cluster-policies.json'),
      ...exampleFile('clusters.json'),
      ...exampleFile('jobs.json'),
      ...exampleFile('permissions.json'),
    });
    expect((await config.deploy()).refused).toBeNull();
    expect(config.names('job')).toEqual(['parking-sensors-load', 'parking-sensors-report']);
    expect(config.names('permission')).toEqual([
      'cluster-policies parking-sensors-exploration',
      'clusters parking-sensors-exploration',
      'directories /Shared/parking-sensors',
      'jobs parking-sensors-load',
      'jobs parking-sensors-report',
    ]);
    await config.pass(1_000);
    expect((await config.redeploy()).changes).toEqual([]);
    expect(config.writes()).toBe(0);
    expect(config.twin.log.requests()).toHaveLength(11);
  });

  test('keeps ids that a JavaScript number cannot hold', async () => {
    const task = { task_key: 'next', run_job_task: { job_id: '9007199254740993' } };
    config.world.artifacts = {};
    config.release({ jobs: [{ name: 'load', tasks: [task] }] });
    const file = String(config.world.artifacts['databricks-config']?.['jobs.json']);
    const numbers = file.replace('"9007199254740993"', '9007199254740993');
    config.world.artifacts = { 'databricks-config': { 'jobs.json': numbers } };
    const { output } = await config.deploy();
    const job = await jobNamed('load');
    expect(Number.isSafeInteger(Number(job.job_id))).toBe(false);
    expect(output?.jobs).toEqual({ load: String(job.job_id) });
    expect(job.settings.tasks[0].run_job_task.job_id).toBe(9007199254740993n);
    expect((await config.redeploy()).changes).toEqual([]);
  });
});

describe('an unchanged deployment', () => {
  test('writes nothing and reads every thing once', async () => {
    all();
    await config.deploy();
    await config.pass(1_000);
    expect((await config.redeploy()).changes).toEqual([]);
    expect(config.twin.log.counts()).toEqual({
      ...{ 'ClusterPolicies.get': 1, 'Clusters.get': 1, 'Jobs.get': 1, 'Libraries.cluster_status': 1 },
    });
  });

  test('of a job with 250 tasks sees them all', async () => {
    const tasks = Array.from({ length: 250 }, (_one, index) => ({
      ...{ task_key: `t${index}`, notebook_task: { notebook_path: '/Shared/nb' } },
      depends_on: index < 3 ? [] : [index - 1, index - 2, index - 3].map((on) => ({ task_key: `t${on}` })),
    }));
    config.release({ jobs: [{ name: 'large', tasks }] });
    await config.deploy();
    expect((await config.redeploy()).changes).toEqual([]);
    config.release({
      jobs: [{ name: 'large', tasks: [...tasks.slice(0, 249), { ...tasks[0], task_key: 'new' }] }],
    });
    expect(linesOf((await config.redeploy()).changes)).toEqual(['update job large: changes tasks']);
  });

  test('counts neither the order of tasks nor what the server adds', async () => {
    all();
    await config.deploy();
    const { tasks, ...rest } = JOB;
    const reordered = { tasks: [...tasks].reverse(), ...rest };
    config.release({ jobs: [reordered] });
    expect((await config.redeploy()).changes).toEqual([]);
  });
});

describe('a change', () => {
  beforeEach(async () => {
    all();
    await config.deploy();
    await config.pass(1_000);
  });

  test('of one job is one reset', async () => {
    const other = { ...JOB, name: 'other' };
    config.release({ jobs: [JOB, other] });
    await config.deploy();
    config.release({ jobs: [{ ...JOB, max_concurrent_runs: 3 }, other] });
    const { changes } = await config.redeploy();
    expect(linesOf(changes)).toEqual(['update job load: changes max_concurrent_runs']);
    expect(config.written()).toEqual({ 'Jobs.reset': 1 });
    expect((await jobNamed('load')).settings.max_concurrent_runs).toBe(3);
  });

  test('that takes a setting out of the file takes it off the job', async () => {
    const schedule = { quartz_cron_expression: '0 0 4 * * ?', timezone_id: 'UTC' };
    config.release({ jobs: [{ ...JOB, schedule }] });
    await config.deploy();
    config.release({ jobs: [JOB] });
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update job load: gets the settings of its file, which some have left',
    ]);
    expect((await jobNamed('load')).settings).not.toHaveProperty('schedule');
  });

  test('by hand is seen and put right', async () => {
    const { job_id } = await jobNamed('load');
    await config.call('POST', '/api/2.2/jobs/update', { job_id, new_settings: { max_concurrent_runs: 9 } });
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update job load: changes max_concurrent_runs, which somebody changed in the workspace',
    ]);
    expect((await jobNamed('load')).settings.max_concurrent_runs).toBe(1);
  });

  test('of a policy is an edit, and its definition is compared as what it means', async () => {
    const { policies } = await config.call('GET', '/api/2.0/policies/clusters/list');
    const { policy_id } = policies[0];
    const definition = ' { "num_workers" : { "maxValue": 2, "type": "range" } } ';
    await config.call('POST', '/api/2.0/policies/clusters/edit', { policy_id, name: 'small', definition });
    expect((await config.redeploy()).changes).toEqual([]);
    config.release({ policies: [{ ...POLICY, definition: {} }] });
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update cluster policy small: changes definition',
    ]);
    expect(config.written()).toEqual({ 'ClusterPolicies.edit': 1 });
  });

  test('that makes a job anew where somebody removed it', async () => {
    const { job_id } = await jobNamed('load');
    await config.call('POST', '/api/2.2/jobs/delete', { job_id });
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'create job load: with max_concurrent_runs, tasks',
    ]);
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('of a name in the workspace is taken back, since the id says which job it is', async () => {
    const { job_id } = await jobNamed('load');
    await config.call('POST', '/api/2.2/jobs/update', { job_id, new_settings: { name: 'renamed' } });
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update job load: changes name, which somebody changed in the workspace',
    ]);
    expect((await jobNamed('load')).job_id).toBe(job_id);
  });
});

describe('what leaves the files', () => {
  beforeEach(async () => {
    all();
    await config.deploy();
    await config.pass(1_000);
  });

  test('goes, jobs first, and what others made stays', async () => {
    await config.call('POST', '/api/2.2/jobs/create', { name: 'theirs' });
    config.release({ policies: [], clusters: [], jobs: [] });
    const { changes } = await config.redeploy();
    expect(linesOf(changes)).toEqual([
      'delete cluster policy small: is not in cluster-policies.json any more',
      'delete cluster shared: is not in clusters.json any more',
      'delete job load: is not in jobs.json any more',
    ]);
    expect([config.names('job'), config.names('cluster'), config.names('policy')]).toEqual([
      ['theirs'],
      [],
      [],
    ]);
    const order = config.twin.log.requests().map(({ operation }) => operation);
    const writes = order.filter((name) => /delete$/.test(name));
    expect(writes).toEqual(['Jobs.delete', 'Clusters.permanent_delete', 'ClusterPolicies.delete']);
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('and is gone already needs no change', async () => {
    const { job_id } = await jobNamed('load');
    await config.call('POST', '/api/2.2/jobs/delete', { job_id });
    config.release({ jobs: [] });
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('does not go from under a run: the job waits for it', async () => {
    await putNotebook();
    config.twin.scriptRuns({ durationInMs: 90_000 });
    const { job_id } = await jobNamed('load');
    await config.call('POST', '/api/2.2/jobs/run-now', { job_id });
    config.release({ jobs: [] });
    const { calls, refused } = await config.deploy();
    expect([refused, config.names('job')]).toEqual([null, []]);
    expect(calls).toBeGreaterThan(2);
    const { runs } = await config.call('GET', '/api/2.2/jobs/runs/list');
    expect(runs[0].state.result_state).toBe('SUCCESS');
  });

  test('does not go from under a run that never ends: after an hour a person is told', async () => {
    await putNotebook();
    config.twin.scriptRuns({ durationInMs: 24 * 60 * 60_000 });
    const { job_id } = await jobNamed('load');
    const { run_id } = await config.call('POST', '/api/2.2/jobs/run-now', { job_id });
    config.release({ jobs: [] });
    const { refused, calls } = await config.deploy();
    expect(refused).toBe(
      `job load (${job_id}) is not in jobs.json any more, and load (run ${run_id}) still runs. Cancel it, or wait ` +
        'for its end, then retry the stage. (Slipway waited 60 minutes for it.)',
    );
    expect(calls).toBe(61);
    expect(config.names('job')).toEqual(['load']);
  });
});

const putNotebook = () =>
  config.call('POST', '/api/2.0/workspace/import', {
    ...{ path: '/Shared/nb', format: 'SOURCE', language: 'PYTHON', overwrite: true },
    content: Buffer.from('# Databricks notebook source\n1').toString('base64'),
  });

describe('a rollback', () => {
  test('leaves what was there after the release that it goes back to', async () => {
    const folders = [
      { path: '/Shared', access_control_list: [{ group_name: 'ops', permission_level: 'CAN_RUN' }] },
    ];
    const a = {
      policies: [POLICY],
      clusters: [CLUSTER],
      jobs: [{ ...JOB, access_control_list: [OPS] }],
      folders,
    };
    config.release(a);
    await config.deploy();
    await config.pass(1_000);
    const after = config.twin.inventory();
    const second = { ...CLUSTER, cluster_name: 'second', libraries: [{ pypi: { package: 'a' } }] };
    const view = { group_name: 'ops', permission_level: 'CAN_VIEW' };
    config.release({
      policies: [{ ...POLICY, definition: {} }],
      clusters: [{ ...CLUSTER, num_workers: 2, libraries: [{ pypi: { package: 'b' } }] }, second],
      jobs: [
        { ...JOB, tasks: JOB.tasks.slice(0, 2), access_control_list: [view] },
        { ...JOB, name: 'added' },
      ],
      folders: [
        { path: '/Shared', access_control_list: [{ group_name: 'analysts', permission_level: 'CAN_READ' }] },
      ],
    });
    expect((await config.deploy()).refused).toBeNull();
    await config.pass(1_000);
    expect(config.twin.inventory()).not.toEqual(after);
    config.world.kind = 'rollback';
    config.release(a);
    expect((await config.deploy()).refused).toBeNull();
    await config.pass(1_000);
    expect(config.twin.inventory()).toEqual(after);
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('gives a job that it had taken over its earlier settings', async () => {
    await config.call('POST', '/api/2.2/jobs/create', { name: 'load', max_concurrent_runs: 7 });
    config.release({ jobs: [] });
    await config.deploy();
    const before = config.twin.inventory();
    config.release({
      jobs: [{ name: 'load', max_concurrent_runs: 2, tasks: [], access_control_list: [OPS] }],
    });
    await config.deploy();
    config.release({ jobs: [] });
    expect(linesOf((await config.deploy()).changes)).toEqual([
      'update access to job load: takes back CAN_MANAGE_RUN to ops',
      'update job load: is not in jobs.json any more; gets the settings that it had before Slipway took it over',
    ]);
    expect(config.twin.inventory()).toEqual(before);
    expect((await config.redeploy()).changes).toEqual([]);
  });
});

describe('what the API says about something else', () => {
  const task = { task_key: 'a', existing_cluster_id: '0101-000000-gone' };

  test('is not taken for the job: a job that names a cluster that is gone is refused with these words', async () => {
    config.release({ jobs: [{ name: 'load' }] });
    await config.deploy();
    config.release({ jobs: [{ name: 'load', tasks: [task] }] });
    expect((await config.deploy()).refused).toBe(
      'job load: Databricks refuses: POST /api/2.2/jobs/reset: 400 INVALID_PARAMETER_VALUE Cluster 0101-000000-gone does not exist.',
    );
  });

  test('does not make it look done: former settings that cannot be given back are refused, with a way out', async () => {
    await config.call('POST', '/api/2.1/clusters/create', { cluster_name: 'theirs', spark_version: '16' });
    const [{ cluster_id }] = (await config.call('GET', '/api/2.1/clusters/list')).clusters;
    const tasks = [{ task_key: 'a', existing_cluster_id: cluster_id }];
    const { job_id } = await config.call('POST', '/api/2.2/jobs/create', { name: 'load', tasks });
    config.release({ jobs: [{ name: 'load' }] });
    await config.deploy();
    await config.call('POST', '/api/2.1/clusters/permanent-delete', { cluster_id });
    config.release({ jobs: [] });
    expect((await config.deploy()).refused).toBe(
      'job load cannot get back the settings that it had before Slipway took it over. Databricks refuses: ' +
        `POST /api/2.2/jobs/reset: 400 INVALID_PARAMETER_VALUE Cluster ${cluster_id} does not exist. Put it into jobs.json again, or remove it in the workspace, then retry the stage.`,
    );
    expect(await config.planned()).toHaveLength(1);
    await config.call('POST', '/api/2.2/jobs/delete', { job_id });
    expect(await config.planned()).toEqual([]);
  });

  test('is not taken for the object: somebody unknown in an access list is named', async () => {
    config = openConfig({ principals: ['ops'] });
    const unknown = { group_name: 'opps', permission_level: 'CAN_VIEW' };
    config.release({ jobs: [{ name: 'load', access_control_list: [unknown] }] });
    expect((await config.deploy()).refused).toMatch(
      /^access to job load: Databricks refuses: .* Principal: GroupName\(opps\) does not exist\.$/,
    );
    config.release({ jobs: [{ name: 'load', access_control_list: [{ ...unknown, group_name: 'ops' }] }] });
    expect((await config.deploy()).refused).toBeNull();
  });
});

describe('what Slipway did not make', () => {
  test('is taken over if there is one of that name, and the plan says so', async () => {
    const { job_id } = await config.call('POST', '/api/2.2/jobs/create', {
      name: 'load',
      timeout_seconds: 60,
    });
    const { policy_id } = await config.call('POST', '/api/2.0/policies/clusters/create', { name: 'small' });
    config.release({ policies: [POLICY], jobs: [{ name: 'load', max_concurrent_runs: 2 }] });
    const { changes } = await config.deploy();
    expect(linesOf(changes)).toEqual([
      `update cluster policy small: takes over policy ${policy_id}, which Slipway did not make; changes definition`,
      `update job load: takes over job ${job_id}, which Slipway did not make; changes max_concurrent_runs`,
    ]);
    expect((await jobNamed('load')).settings).toMatchObject({ timeout_seconds: 0, max_concurrent_runs: 2 });
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('is not guessed at if there are several of that name', async () => {
    const make = async (name: string) => (await config.call('POST', '/api/2.2/jobs/create', { name })).job_id;
    const first = await make('load');
    await config.pass(1_000);
    const ids = [first, await make('load')];
    await config.call('POST', '/api/2.1/clusters/create', { cluster_name: 'shared', spark_version: '16' });
    await config.call('POST', '/api/2.1/clusters/create', { cluster_name: 'shared', spark_version: '16' });
    all();
    const refusal = await config.refusal();
    expect(refusal).toContain(
      `2 things are called job load (ids ${ids.join(', ')}), and Slipway cannot tell which one the file means: ` +
        'remove or rename all but one, then retry.',
    );
    expect(refusal).toContain('2 things are called cluster shared (ids ');
  });

  test('of the same name with other capitals is another job', async () => {
    await config.call('POST', '/api/2.2/jobs/create', { name: 'LOAD' });
    config.release({ jobs: [{ name: 'load' }] });
    await config.deploy();
    expect(config.names('job')).toEqual(['LOAD', 'load']);
  });
});

describe('access', () => {
  const path = async () => `jobs/${(await jobNamed('load')).job_id}`;
  const entry = (group_name: string, permission_level: string) => ({ group_name, permission_level });
  const give = (...access_control_list: object[]) =>
    config.release({ jobs: [{ name: 'load', access_control_list }] });

  test('is added to what others gave, and taken back when it leaves the file', async () => {
    give(entry('ops', 'CAN_VIEW'));
    await config.deploy();
    const theirs = { access_control_list: [entry('theirs', 'CAN_VIEW')] };
    await config.call('PATCH', `/api/2.0/permissions/${await path()}`, theirs);
    give(entry('dev', 'CAN_MANAGE'));
    expect(linesOf((await config.redeploy()).changes)).toEqual([
      'update access to job load: gives CAN_MANAGE to dev; takes back CAN_VIEW to ops',
    ]);
    expect(await accessTo(await path())).toEqual(['dev CAN_MANAGE', 'theirs CAN_VIEW']);
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('is the same for a person whose address comes back in lower case', async () => {
    config.release({ jobs: [{ name: 'load' }] });
    await config.deploy();
    const held = { access_control_list: [{ user_name: 'ada@example.com', permission_level: 'CAN_VIEW' }] };
    await config.call('PATCH', `/api/2.0/permissions/${await path()}`, held);
    give({ user_name: 'Ada@Example.com', permission_level: 'CAN_VIEW' });
    expect((await config.redeploy()).changes).toEqual([]);
  });

  describe('of an owner', () => {
    const owned = async () => {
      const { access_control_list: list } = await config.call('GET', `/api/2.0/permissions/${await path()}`);
      type Entry = { user_name?: string; all_permissions: { permission_level: string }[] };
      return list
        .flatMap(({ user_name, all_permissions }: Entry) =>
          user_name === undefined ? [] : `${user_name} ${all_permissions[0]?.permission_level}`,
        )
        .sort();
    };
    const own = (user_name: string) => give({ user_name, permission_level: 'IS_OWNER' });

    test('replaces the one that there is, who may still manage the job, and goes back when it leaves the file', async () => {
      own('ada@example.com');
      expect((await config.deploy()).refused).toBeNull();
      expect(await owned()).toEqual(['ada@example.com IS_OWNER', 'twin-user CAN_MANAGE']);
      expect((await config.redeploy()).changes).toEqual([]);
      own('bob@example.com');
      expect((await config.deploy()).refused).toBeNull();
      expect(await owned()).toEqual(['bob@example.com IS_OWNER', 'twin-user CAN_MANAGE']);
      expect((await config.redeploy()).changes).toEqual([]);
      give();
      expect((await config.deploy()).refused).toBeNull();
      expect(await owned()).toEqual(['twin-user IS_OWNER']);
      expect((await config.redeploy()).changes).toEqual([]);
    });

    test('that was there before Slipway is the owner again', async () => {
      await config.call('POST', '/api/2.2/jobs/create', { name: 'load' });
      const entry = { user_name: 'ada@example.com', permission_level: 'IS_OWNER' };
      const access_control_list = [entry, { user_name: 'twin-user', permission_level: 'CAN_MANAGE' }];
      await config.call('PUT', `/api/2.0/permissions/${await path()}`, { access_control_list });
      own('bob@example.com');
      expect((await config.deploy()).refused).toBeNull();
      expect(await owned()).toEqual([
        ...['ada@example.com CAN_MANAGE', 'bob@example.com IS_OWNER', 'twin-user CAN_MANAGE'],
      ]);
      expect((await config.redeploy()).changes).toEqual([]);
      give();
      expect((await config.deploy()).refused).toBeNull();
      expect(await owned()).toEqual(['ada@example.com IS_OWNER', 'twin-user CAN_MANAGE']);
    });
  });

  test('that was there before is not ours to take back', async () => {
    await config.call('POST', '/api/2.2/jobs/create', { name: 'load' });
    const theirs = { access_control_list: [entry('ops', 'CAN_VIEW'), entry('dev', 'CAN_VIEW')] };
    await config.call('PATCH', `/api/2.0/permissions/${await path()}`, theirs);
    give(entry('ops', 'CAN_VIEW'), entry('dev', 'CAN_MANAGE'));
    await config.deploy();
    give();
    await config.deploy();
    expect(await accessTo(await path())).toEqual(['dev CAN_VIEW', 'ops CAN_VIEW']);
  });

  test('that somebody changed since is not ours any more when it leaves the file', async () => {
    give(entry('ops', 'CAN_VIEW'));
    await config.deploy();
    const more = { access_control_list: [entry('ops', 'CAN_MANAGE')] };
    await config.call('PATCH', `/api/2.0/permissions/${await path()}`, more);
    give();
    expect((await config.redeploy()).changes).toEqual([]);
    expect(await accessTo(await path())).toEqual(['ops CAN_MANAGE']);
  });

  test('to a folder that does not exist is refused when it comes to that', async () => {
    const access_control_list = [{ group_name: 'ops', permission_level: 'CAN_RUN' }];
    config.release({ folders: [{ path: '/Shared/none', access_control_list }] });
    const { refused } = await config.deploy();
    expect(refused).toBe('folder /Shared/none does not exist, so no access to it can be given.');
  });

  test('to the folder of a version is never taken back', async () => {
    const folder = '/Shared/p/releases/0123456789abcdef';
    await config.call('POST', '/api/2.0/workspace/mkdirs', { path: folder });
    config.release({
      folders: [{ path: `/Workspace${folder}`, access_control_list: [entry('ops', 'CAN_RUN')] }],
    });
    await config.deploy();
    expect(config.names('permission')).toEqual([`directories ${folder}`]);
    config.release({ folders: [] });
    expect((await config.redeploy()).changes).toEqual([]);
  });
});

describe('a job that Slipway may not see, or that is gone, which Databricks does not tell apart', () => {
  const HIDDEN = /^Refusal: job load \((\d+)\) is gone, or hidden from Slipway's identity: /;
  beforeEach(async () => {
    config = openConfig({ admins: ['ada'] });
    config.release({ jobs: [{ name: 'load' }] });
    await config.deploy();
    const { job_id } = await jobNamed('load');
    await config.call('POST', '/api/2.2/jobs/delete', { job_id });
  });

  test('is refused with what can be done', async () => {
    const refusal = await config.refusal();
    expect(refusal).toMatch(HIDDEN);
    expect(refusal.slice(refusal.indexOf(': ', 10) + 2)).toBe(
      'give it CAN_MANAGE on the job; if the job is gone, make an empty one of this name and give it CAN_MANAGE on ' +
        'that, which is taken over then, or make the identity an administrator of the workspace. Then retry.',
    );
  });

  test('goes on with the one that was made in its place', async () => {
    await config.call('POST', '/api/2.2/jobs/create', { name: 'load', timeout_seconds: 7 });
    config.release({ jobs: [{ name: 'load', max_concurrent_runs: 2 }] });
    const { changes, refused } = await config.deploy();
    expect([refused, linesOf(changes)[0]?.slice(0, 32)]).toEqual([null, 'update job load: takes over job ']);
    expect((await config.redeploy()).changes).toEqual([]);
  });

  test('stops no release that does not have it any more', async () => {
    config.release({ jobs: [{ name: 'other' }] });
    expect((await config.deploy()).refused).toBeNull();
    expect(config.names('job')).toEqual(['other']);
    expect(config.world.log.join()).toMatch(
      /job load \(\d+\) left the files and is gone, or hidden from Slipway/,
    );
    expect((await config.redeploy()).changes).toEqual([]);
  });
});

describe('a check of an identity that is no administrator', () => {
  const check = async () => {
    const changes = await plan(databricksConfig, config.world);
    return databricksConfig.check?.(await contextOf(databricksConfig, config.world, null), changes);
  };

  test('finds the policies that it may not make or change before anything is written', async () => {
    config = openConfig({ admins: ['somebody else'] });
    all();
    const words = "Slipway's identity (twin-user) may not make or change cluster policy small";
    expect(await check()).toEqual([
      `${words}: in Databricks only administrators of the workspace may. Add it to the group admins there, or take the ` +
        'policies out of cluster-policies.json and let an administrator make them, then retry.',
    ]);
    expect((await config.deploy()).refused).toMatch(
      /^cluster policy small: Databricks does not allow this to Slipway's identity: /,
    );
  });

  test('has nothing to say of an identity that may be one through a group', async () => {
    config = openConfig({ admins: ['somebody else'], groups: ['platform-team'] });
    all();
    expect(await check()).toEqual([]);
  });

  test('has nothing to say where no policy changes', async () => {
    config = openConfig({ admins: ['somebody else'] });
    config.release({ jobs: [{ name: 'load' }] });
    expect(await check()).toEqual([]);
    expect((await config.deploy()).refused).toBeNull();
  });
});

test('a check of an identity that the workspace does not let in says so', async () => {
  config.twin.faults.add({ kind: 'status', status: 403, match: 'CurrentUser.me' });
  const check = async () =>
    databricksConfig.check?.(await contextOf(databricksConfig, config.world, null), []);
  await expect(check()).rejects.toThrow("does not allow this to Slipway's identity");
  config.twin.faults.clear();
  expect(await check()).toEqual([]);
});
