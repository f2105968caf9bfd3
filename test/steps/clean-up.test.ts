import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cleanUp } from '../../shared/steps/clean-up.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import { wheel } from '../../shared/steps/wheel.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { callTwin, databricksWorld, makeVolume, objectsOf, WORKSPACE, writesOf } from './databricks-world.ts';
import type { Environment } from './environment.ts';
import { environmentOf, JOB, releaseOf, versionsIn, wheelsIn } from './environment.ts';
import { underVirtualTime } from './virtual-time.ts';

const ROOT = '/Shared/parking-sensors';
const STORAGE = {
  metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/',
  taskDurationInMs: 60_000,
};

let { world, twin }: DatabricksWorld = databricksWorld(STORAGE);
let environment: Environment;
let count = 0;

beforeEach(async () => {
  ({ world, twin } = databricksWorld(STORAGE));
  world.input = { strategy: 'versioned', keep: 2 };
  environment = environmentOf({ world, twin });
  count = 0;
  await makeVolume(twin);
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

/** Deploys the release of a number; every deployment is a run of its own. */
async function deploy(version: number, kind: typeof world.kind = 'release') {
  count += 1;
  world.run = `run-${count}`;
  world.kind = kind;
  world.artifacts = await releaseOf(`release ${version}`, `1.${version}.0`);
  return environment.deploy(cleanUp);
}
const client = () => world.clients.databricks(WORKSPACE);
const soon = <Result>(work: Promise<Result>) => underVirtualTime(world.clock, work);
const versionsOf = (tree: string) => versionsIn(twin).filter((name) => name.startsWith(`${tree}/`));
const wheelNames = () => wheelsIn(twin).map((name) => /-(1\.\d+)/.exec(name)?.[1]);
async function startRun(name = JOB): Promise<void> {
  const [job] = await soon(client().jobs.find(name));
  // The id has more digits than a JavaScript number can hold.
  const body = Buffer.from(`{"job_id":${job?.id}}`);
  const url = `${WORKSPACE}/api/2.2/jobs/run-now`;
  expect((await twin.handle({ method: 'POST', url, headers: {}, body })).status).toBe(200);
}
const submit = (task: object) =>
  callTwin(twin, '/api/2.2/jobs/runs/submit', { run_name: 'other', tasks: [{ task_key: 'a', ...task }] });
const pass = (minutes: number) => soon(world.clock.sleep(minutes * 60_000));

describe('of the versions', () => {
  test('the newest stay, as many as the project says, the live one among them', async () => {
    for (const version of [1, 2, 3, 4]) await deploy(version);
    expect(versionsOf(ROOT)).toHaveLength(2);
    expect(versionsOf(`${ROOT}-tests`)).toHaveLength(2);
    expect(wheelNames().sort()).toEqual(['1.3', '1.4']);
    expect(objectsOf(twin)).toHaveLength(6);
  });

  test('its plan reads nothing and says what goes and why', async () => {
    for (const version of [1, 2]) await deploy(version);
    world.artifacts = await releaseOf('release 3', '1.3.0');
    twin.log.clear();
    const changes = await environment.plan(cleanUp);
    expect(changes.map(({ action, detail }) => `${action}: ${detail}`)).toEqual([
      'delete: version older than the newest 2; stays while a run or cluster uses it',
      'delete: version older than the newest 2; stays while a run or cluster uses it',
      'delete: wheel older than the newest 2; stays while a run or cluster uses it',
    ]);
    expect(twin.log.count()).toBe(0);
  });

  test('the plan is the same before and after the release is there', async () => {
    for (const version of [1, 2]) await deploy(version);
    world.artifacts = await releaseOf('release 3', '1.3.0');
    const before = await environment.plan(cleanUp);
    await environment.run(wheel);
    await environment.run(notebooks);
    expect(await environment.plan(cleanUp)).toEqual(before);
  });

  test('an unchanged release removes nothing and asks nothing', async () => {
    await deploy(1);
    twin.log.clear();
    expect((await environment.run(cleanUp)).changes).toEqual([]);
    expect(twin.log.count()).toBe(0);
  });

  test('each removal is preceded by a look at runs and clusters', async () => {
    for (const version of [1, 2]) await deploy(version);
    twin.log.clear();
    await deploy(3);
    const names = twin.log.requests().map(({ operation }) => operation);
    expect(names.filter((name) => name === 'Workspace.delete' || name === 'Files.delete')).toHaveLength(3);
    expect(twin.log.count('Jobs.list_runs')).toBe(3);
    expect(twin.log.count('Libraries.all_cluster_statuses')).toBe(3);
  });

  test('what somebody else put among them stays', async () => {
    const theirs = `${ROOT}/releases/0123456789abcdef`;
    await callTwin(twin, '/api/2.0/workspace/mkdirs', { path: theirs });
    for (const version of [1, 2, 3, 4]) await deploy(version);
    expect(versionsOf(ROOT)).toContain(theirs);
  });

  test('what was removed by hand is fine', async () => {
    await deploy(1);
    await deploy(2);
    for (const path of versionsIn(twin).slice(0, 1))
      await callTwin(twin, '/api/2.0/workspace/delete', { path, recursive: true });
    expect((await deploy(3)).refused).toBeNull();
  });

  test('the version that runs is never removed, even if it is the oldest', async () => {
    for (const version of [1, 2]) await deploy(version);
    await deploy(1, 'redeploy');
    await deploy(1, 'redeploy');
    expect(wheelNames()).toContain('1.1');
    world.input = { strategy: 'versioned', keep: 1 };
    await deploy(1, 'redeploy');
    expect(wheelNames()).toEqual(['1.1']);
    expect(versionsOf(ROOT)).toHaveLength(1);
  });
});

describe('what is in use stays', () => {
  beforeEach(() => {
    world.input = { strategy: 'versioned', keep: 1 };
  });

  test('a run that is under way keeps its notebooks and its wheel, and the output says so', async () => {
    await deploy(1);
    await startRun();
    const { output } = await deploy(2);
    expect(wheelNames().sort()).toEqual(['1.1', '1.2']);
    expect(versionsOf(ROOT)).toHaveLength(2);
    expect(output).toMatchObject({ removed: 1 });
    expect(String(output?.kept)).toMatch(/releases\/[0-9a-f]{16}: run \d+ \(load\)/);
    await pass(10);
    await deploy(2, 'redeploy');
    expect(wheelNames()).toEqual(['1.2']);
    expect(versionsOf(ROOT)).toHaveLength(1);
  });

  test('so does a queued run, which keeps the settings that it was queued with', async () => {
    await deploy(1);
    await startRun();
    await startRun();
    await pass(1);
    await deploy(2);
    await pass(2);
    expect(wheelNames()).toContain('1.1');
    await pass(10);
    expect(twin.loadedSources().map(({ digest }) => digest)).toHaveLength(8);
    const { runs } = client();
    const [job] = await soon(client().jobs.find(JOB));
    const ended = await soon(runs.ofJob(job?.id ?? '', { from: 0 }, 100));
    expect(ended.runs.map(({ end }) => end?.result)).toEqual(['SUCCESS', 'SUCCESS']);
  });

  test('a library of a cluster keeps its wheel, also on one that does not run', async () => {
    await deploy(1);
    const id = await soon(
      client().clusters.create({ cluster_name: 'c', spark_version: 'x', num_workers: 1 }),
    );
    await soon(client().clusters.install(id, [{ whl: `${volume}/${wheelsIn(twin)[0]}` }]));
    const { output } = await deploy(2);
    expect(wheelNames().sort()).toEqual(['1.1', '1.2']);
    expect(output?.kept).toEqual([expect.stringContaining(`: cluster ${id}`)]);
    await soon(client().clusters.remove(id));
    await deploy(2, 'redeploy');
    expect(wheelNames()).toEqual(['1.2']);
  });

  test('a serverless run of ours keeps wheels, since runs do not tell what they install', async () => {
    await deploy(1);
    const [suite] = versionsOf(`${ROOT}-tests`);
    await submit({
      spark_python_task: { python_file: `/Workspace${suite}/run_suite.py` },
      environment_key: 'e',
    });
    await deploy(2);
    expect(wheelNames().sort()).toEqual(['1.1', '1.2']);
    expect(versionsOf(`${ROOT}-tests`)).toHaveLength(2);
  });

  test('a run of other people keeps nothing, however it gets its libraries', async () => {
    await callTwin(twin, '/api/2.0/workspace/import', { path: '/Shared/theirs', content: '', format: 'RAW' });
    await deploy(1);
    await submit({ spark_python_task: { python_file: '/Workspace/Shared/theirs' }, environment_key: 'e' });
    await deploy(2);
    expect(wheelNames()).toEqual(['1.2']);
  });

  test('a serverless run of a job that the identity may not see keeps wheels, and nothing else', async () => {
    await callTwin(twin, '/api/2.0/workspace/import', { path: '/Shared/theirs', content: '', format: 'RAW' });
    await deploy(1);
    const task = {
      task_key: 't',
      spark_python_task: { python_file: '/Workspace/Shared/theirs' },
      environment_key: 'e',
    };
    const environments = [{ environment_key: 'e', spec: { environment_version: '2' } }];
    await soon(client().jobs.create({ name: 'theirs', tasks: [task], environments }));
    await startRun('theirs');
    twin.faults.add({ kind: 'status', match: 'Jobs.get', status: 403, skip: 1 });
    const { refused } = await deploy(2);
    expect(refused).toBeNull();
    expect(wheelNames().sort()).toEqual(['1.1', '1.2']);
    expect(versionsOf(ROOT)).toHaveLength(1);
  });

  test('what the identity may not remove or look at stays, and the release goes on', async () => {
    await deploy(1);
    twin.faults.add({ kind: 'status', match: 'Workspace.delete', status: 403 });
    twin.faults.add({ kind: 'status', match: 'Jobs.list_runs', status: 403, skip: 2 });
    const { output, refused } = await deploy(2);
    expect(refused).toBeNull();
    expect(output).toMatchObject({ removed: 0 });
    expect(String(output?.kept)).toContain("Databricks does not allow this to Slipway's identity");
    twin.faults.clear();
    await deploy(2, 'redeploy');
    expect(wheelNames()).toEqual(['1.2']);
    expect(versionsOf(ROOT)).toHaveLength(1);
  });
});

const volume = '/Volumes/parking_sensors_catalog_dev/utilities/libraries';

describe('in a rollback', () => {
  test('what came after the release goes at once, what was there before stays', async () => {
    world.input = { strategy: 'versioned', keep: 5 };
    await deploy(1);
    await deploy(2);
    const before = twin.inventory();
    await deploy(3);
    await deploy(2, 'rollback');
    expect(twin.inventory()).toEqual(before);
  });

  test('with the release gone already, it is sent again and all others go', async () => {
    world.input = { strategy: 'versioned', keep: 1 };
    await deploy(1);
    const before = twin.inventory();
    await deploy(2);
    world.kind = 'rollback';
    world.run = 'rollback-1';
    world.artifacts = await releaseOf('release 1', '1.1.0');
    const planned = await environment.plan(cleanUp);
    await environment.run(wheel);
    await environment.run(notebooks);
    expect(await environment.plan(cleanUp)).toEqual(planned);
    await deploy(1, 'rollback');
    expect(twin.inventory()).toEqual(before);
  });

  test('a run that still uses the bad release keeps it until the next deployment', async () => {
    world.input = { strategy: 'versioned', keep: 5 };
    await deploy(1);
    await deploy(2);
    await startRun();
    await deploy(1, 'rollback');
    expect(versionsOf(ROOT)).toHaveLength(2);
    await pass(10);
    await deploy(1, 'redeploy');
    expect(versionsOf(ROOT)).toHaveLength(1);
  });

  test('in place, the wheel of the bad release goes; no other deployment removes one', async () => {
    world.input = {};
    for (const version of [1, 2]) await deploy(version);
    const before = twin.inventory();
    await deploy(3);
    expect(wheelNames()).toHaveLength(3);
    await deploy(2, 'rollback');
    expect(twin.inventory()).toEqual(before);
  });
});

describe('what was removed and is wanted again', () => {
  test('is sent again, once', async () => {
    world.input = { strategy: 'versioned', keep: 1 };
    await deploy(1);
    const before = twin.inventory();
    await deploy(2);
    await deploy(1, 'redeploy');
    expect(twin.inventory()).toEqual(before);
    twin.log.clear();
    expect((await deploy(1, 'redeploy')).changes).toEqual([]);
    expect(writesOf(twin)).toBe(1);
  });

  test('keeps its name, so that other content cannot take it', async () => {
    world.input = { strategy: 'versioned', keep: 1 };
    await deploy(1);
    await deploy(2);
    world.artifacts = await releaseOf('release 1', '1.1.0');
    const { 'python-wheel': other = {} } = await releaseOf('release 3', '1.3.0');
    const [name = ''] = Object.keys(world.artifacts['python-wheel'] ?? {});
    world.artifacts = { 'python-wheel': { [name]: Object.values(other)[0] ?? '' } };
    await expect(environment.plan(wheel)).rejects.toThrow('was deployed to dev with other content');
  });

  test('after a removal that was not seen to its end, it is completed', async () => {
    world.input = { strategy: 'versioned', keep: 1 };
    await deploy(1);
    const before = twin.inventory();
    twin.faults.add({ kind: 'drop', match: 'Files.delete|Workspace.delete', times: 40, when: 'after' });
    await expect(deploy(2)).rejects.toThrow(/no answer/);
    twin.faults.clear();
    await deploy(1, 'redeploy');
    expect(twin.inventory()).toEqual(before);
  });

  test('after a removal that was not seen to its end, what is not wanted still goes', async () => {
    world.input = { strategy: 'versioned', keep: 1 };
    await deploy(1);
    twin.faults.add({ kind: 'drop', match: 'Files.delete|Workspace.delete', times: 40, when: 'before' });
    await expect(deploy(2)).rejects.toThrow(/no answer/);
    twin.faults.clear();
    await deploy(3);
    expect(wheelNames()).toEqual(['1.3']);
    expect(versionsOf(ROOT)).toHaveLength(1);
    expect(await environment.plan(cleanUp)).toEqual([]);
  });
});

test('what an interrupted deployment left goes with the next one', async () => {
  world.input = { strategy: 'versioned', keep: 3 };
  await deploy(1);
  twin.faults.add({ kind: 'drop', match: 'Workspace.import|Files.upload', times: 40, when: 'after' });
  await expect(deploy(2)).rejects.toThrow(/no answer/);
  twin.faults.clear();
  expect(wheelNames()).toHaveLength(2);
  await deploy(3);
  expect(wheelNames().sort()).toEqual(['1.1', '1.3']);
  expect(await environment.plan(cleanUp)).toEqual([]);
});

describe('after a change of the strategy', () => {
  const files = () => objectsOf(twin).filter((name) => !name.includes('/releases/'));

  test('files and wheels in place go, with their folders; what others put there stays', async () => {
    world.input = {};
    await deploy(1);
    const foreign = { path: `${ROOT}/deep/theirs.txt`, content: '', format: 'RAW' };
    await callTwin(twin, '/api/2.0/workspace/import', foreign);
    world.input = { strategy: 'versioned', keep: 2 };
    await deploy(2);
    expect(files()).toEqual([`file ${ROOT}/deep/theirs.txt`]);
    expect(wheelNames()).toEqual(['1.2']);
    expect(await environment.plan(cleanUp)).toEqual([]);
  });

  test('files in place stay together while a run uses one of them', async () => {
    world.input = {};
    await deploy(1);
    await startRun();
    world.input = { strategy: 'versioned', keep: 2 };
    const { output } = await deploy(2);
    expect(files()).toHaveLength(3);
    expect(output?.kept).toHaveLength(3);
    await pass(10);
    await deploy(2, 'redeploy');
    expect(files()).toEqual([]);
  });

  test('versions go when a project goes back to one place, and nothing of them is left', async () => {
    world.input = {};
    await deploy(1);
    const before = twin.inventory();
    world.input = { strategy: 'versioned', keep: 2 };
    await deploy(2);
    await deploy(3);
    world.input = {};
    await deploy(1, 'redeploy');
    expect(twin.inventory()).toEqual(before);
    expect(await environment.plan(cleanUp)).toEqual([]);
    expect(await environment.plan(notebooks)).toEqual([]);
    expect(await environment.plan(wheel)).toEqual([]);
  });

  test('an interrupted removal of files in place loses none that is wanted again', async () => {
    world.input = {};
    await deploy(1);
    const before = twin.inventory();
    world.input = { strategy: 'versioned', keep: 2 };
    twin.faults.add({ kind: 'drop', match: 'Workspace.delete', skip: 1, times: 40, when: 'after' });
    await expect(deploy(2)).rejects.toThrow(/no answer/);
    twin.faults.clear();
    world.input = {};
    await deploy(1, 'redeploy');
    expect(twin.inventory()).toEqual(before);
  });
});

test("more than a minute's work goes on in another invocation, and remembers what stays", async () => {
  world.input = {};
  world.artifacts = {
    'databricks-notebooks': Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [`${index}.txt`, String(index)]),
    ),
  };
  await environment.run(notebooks);
  world.input = { strategy: 'versioned', keep: 1 };
  world.artifacts = await releaseOf('release 1', '1.1.0');
  await environment.run(notebooks);
  await environment.run(wheel);
  twin.faults.add({ kind: 'latency', latencyInMs: 8_000 });
  const { calls, output } = await environment.run(cleanUp);
  expect(calls).toBeGreaterThan(1);
  expect(output).toMatchObject({ removed: 150, kept: [] });
});

test('folders that the variables do not name are for other steps to refuse', async () => {
  world.values.variables.databricksNotebookPath = '';
  expect(await environment.plan(cleanUp)).toEqual([]);
});
