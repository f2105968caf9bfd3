import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cleanUp } from '../../shared/steps/clean-up.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { callTwin, databricksWorld, objectsOf, WORKSPACE, writesOf } from './databricks-world.ts';
import type { Environment } from './environment.ts';
import { environmentOf } from './environment.ts';
import { underVirtualTime } from './virtual-time.ts';

const ROOT = '/Shared/parking-sensors';
const PY = '# Databricks notebook source\n';
const TASK_IN_MS = 60_000;

let { world, twin }: DatabricksWorld = databricksWorld();
let environment: Environment;

beforeEach(() => {
  ({ world, twin } = databricksWorld({ taskDurationInMs: TASK_IN_MS }));
  environment = environmentOf({ world, twin });
});
afterEach(() => {
  expect(twin.violations()).toEqual([]);
});

const release = (...paths: readonly string[]) => {
  world.artifacts = { 'databricks-notebooks': Object.fromEntries(paths.map((path) => [path, PY + path])) };
};
const client = () => world.clients.databricks(WORKSPACE);
const soon = <Result>(work: Promise<Result>) => underVirtualTime(world.clock, work);
const pass = (minutes: number) => soon(world.clock.sleep(minutes * 60_000));
const targets = async (kind: typeof cleanUp) =>
  (await environment.plan(kind)).map(({ target, action }) => `${action} ${target}`);

/** Lets the job `load` run these notebooks one after the other, as `databricks-config` would. */
async function switchJob(...names: readonly string[]): Promise<void> {
  const tasks = names.map((name, index) => ({
    task_key: `t${index}`,
    ...(index === 0 ? {} : { depends_on: [{ task_key: `t${index - 1}` }] }),
    notebook_task: { notebook_path: `/Workspace${ROOT}/${name}` },
  }));
  const settings = { name: 'load', max_concurrent_runs: 10, tasks };
  const { jobs } = client();
  const [job] = await soon(jobs.find('load'));
  if (job === undefined) await soon(jobs.create(settings));
  else await soon(jobs.reset(job.id, settings));
}

async function startRun(): Promise<void> {
  const [job] = await soon(client().jobs.find('load'));
  const body = Buffer.from(`{"job_id":${job?.id}}`);
  const url = `${WORKSPACE}/api/2.2/jobs/run-now`;
  expect((await twin.handle({ method: 'POST', url, headers: {}, body })).status).toBe(200);
}

async function resultsOfRuns(): Promise<readonly unknown[]> {
  const [job] = await soon(client().jobs.find('load'));
  const { runs } = await soon(client().runs.ofJob(job?.id ?? '', { from: 0 }, 100));
  return runs.map(({ end }) => end?.result);
}

/** A release with these files, and a job on these notebooks. */
async function deploy(paths: readonly string[], names: readonly string[]) {
  release(...paths);
  const sent = await environment.run(notebooks);
  await switchJob(...names);
  return { sent, cleaned: await environment.run(cleanUp) };
}

describe('a notebook that is renamed', () => {
  beforeEach(async () => {
    await deploy(['a.py', 'b.py'], ['a', 'b']);
    release('a.py', 'c.py');
  });

  test('stays under its old name until the jobs are switched, so that none of their starts fails', async () => {
    await environment.run(notebooks);
    expect(objectsOf(twin)).toEqual(['a', 'b', 'c'].map((name) => `PYTHON ${ROOT}/${name}`));
    await startRun();
    await pass(10);
    expect(await resultsOfRuns()).toEqual(['SUCCESS']);
    await switchJob('a', 'c');
    await environment.run(cleanUp);
    expect(objectsOf(twin)).toEqual(['a', 'c'].map((name) => `PYTHON ${ROOT}/${name}`));
  });

  test('is shown as new in the plan of `notebooks`, and as gone in that of `clean-up`', async () => {
    expect(await targets(notebooks)).toEqual([`create ${ROOT}/c`]);
    const planned = await environment.plan(cleanUp);
    expect(planned).toMatchObject([
      {
        action: 'delete',
        target: `${ROOT}/b`,
        before: expect.stringMatching(/^[0-9a-f]{64}$/),
        detail: 'file that is no longer in the project; stays while a run or cluster uses it',
      },
    ]);
    await environment.run(notebooks);
    expect(await environment.plan(cleanUp)).toEqual(planned);
  });

  test('is gone after one release: a redeploy plans nothing', async () => {
    await deploy(['a.py', 'c.py'], ['a', 'c']);
    twin.log.clear();
    const { sent, cleaned } = await deploy(['a.py', 'c.py'], ['a', 'c']);
    expect([...sent.changes, ...cleaned.changes]).toEqual([]);
  });

  test('is still there for a rollback that comes before the clean-up, and only the new name goes', async () => {
    await environment.run(notebooks);
    twin.log.clear();
    world.kind = 'rollback';
    const { sent } = await deploy(['a.py', 'b.py'], ['a', 'b']);
    expect(sent.changes).toEqual([]);
    expect(objectsOf(twin)).toEqual(['a', 'b'].map((name) => `PYTHON ${ROOT}/${name}`));
    expect(twin.log.count('Workspace.import')).toBe(0);
  });

  test('is sent again by a rollback that comes after the clean-up', async () => {
    await deploy(['a.py', 'c.py'], ['a', 'c']);
    world.kind = 'rollback';
    await deploy(['a.py', 'b.py'], ['a', 'b']);
    expect(objectsOf(twin)).toEqual(['a', 'b'].map((name) => `PYTHON ${ROOT}/${name}`));
    expect(await targets(notebooks)).toEqual([]);
    expect(await targets(cleanUp)).toEqual([]);
  });

  test('is remembered while nobody cleans up, and goes with a later release', async () => {
    await environment.run(notebooks);
    release('a.py', 'd.py');
    await environment.run(notebooks);
    expect(objectsOf(twin)).toHaveLength(4);
    await deploy(['a.py', 'd.py', 'e.py'], ['a']);
    expect(objectsOf(twin)).toEqual(['a', 'd', 'e'].map((name) => `PYTHON ${ROOT}/${name}`));
  });

  test('goes with the next release after a clean-up that did not come to its end', async () => {
    for (const when of ['before', 'after'] as const) {
      await deploy(['a.py', 'b.py'], ['a', 'b']);
      twin.faults.add({ kind: 'drop', match: 'Workspace.delete', times: 40, when });
      await expect(deploy(['a.py', 'c.py'], ['a', 'c'])).rejects.toThrow(/no answer/);
      twin.faults.clear();
      await deploy(['a.py', 'c.py'], ['a', 'c']);
      expect(objectsOf(twin)).toEqual(['a', 'c'].map((name) => `PYTHON ${ROOT}/${name}`));
      expect(await targets(cleanUp)).toEqual([]);
    }
  });

  test('is written anew where a clean-up may have begun to remove it and a release has it again', async () => {
    twin.faults.add({ kind: 'drop', match: 'Workspace.delete', times: 40, when: 'after' });
    await expect(deploy(['a.py', 'c.py'], ['a', 'c'])).rejects.toThrow(/no answer/);
    twin.faults.clear();
    await deploy(['a.py', 'b.py'], ['a', 'b']);
    expect(objectsOf(twin)).toEqual(['a', 'b'].map((name) => `PYTHON ${ROOT}/${name}`));
    expect(await targets(notebooks)).toEqual([]);
  });
});

describe('what stands in the way', () => {
  test('of a folder goes before the files come, and is no matter of the clean-up', async () => {
    await deploy(['a.py'], ['a']);
    release('a/b.py');
    expect(await targets(notebooks)).toEqual([`delete ${ROOT}/a`, `create ${ROOT}/a/b`]);
    expect(await targets(cleanUp)).toEqual([]);
    expect((await environment.run(notebooks)).refused).toBeNull();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a/b`]);
    expect(await targets(cleanUp)).toEqual([]);
  });

  test('of a file goes too, with its folders', async () => {
    await deploy(['x/y/b.py', 'x/c.py'], ['x/c']);
    release('x.py');
    expect(await targets(cleanUp)).toEqual([]);
    expect((await environment.run(notebooks)).refused).toBeNull();
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/x`]);
  });
});

describe('what left the project', () => {
  test('goes with the folders that it leaves empty', async () => {
    await deploy(['old/deep/a.py', 'old/b.py', 'both/c.py', 'both/d.py', 'e.py'], ['e']);
    const { cleaned } = await deploy(['both/c.py', 'e.py'], ['e']);
    expect(cleaned.output).toMatchObject({ removed: 3, kept: [] });
    expect(twin.inventory().flatMap(({ kind, name }) => (kind === 'job' ? [] : [name]))).toEqual([
      ROOT,
      `${ROOT}/both`,
      `${ROOT}/both/c`,
      `${ROOT}/e`,
    ]);
  });

  test('leaves a folder with something of somebody else in it', async () => {
    await deploy(['old/a.py', 'b.py'], ['b']);
    const theirs = { path: `${ROOT}/old/mine.txt`, content: '', format: 'RAW' };
    await callTwin(twin, '/api/2.0/workspace/import', theirs);
    await deploy(['b.py'], ['b']);
    expect(objectsOf(twin)).toEqual([`file ${ROOT}/old/mine.txt`, `PYTHON ${ROOT}/b`]);
    expect(await targets(cleanUp)).toEqual([]);
  });

  test('goes from a folder that the variables named before, when the jobs are in the new one', async () => {
    await deploy(['x/a.py', 'b.py'], ['b']);
    world.values.variables.databricksNotebookPath = '/Shared/elsewhere';
    release('x/a.py', 'b.py');
    await environment.run(notebooks);
    expect(objectsOf(twin)).toHaveLength(4);
    await startRun();
    expect((await environment.run(cleanUp)).output).toMatchObject({ removed: 0 });
    await pass(10);
    await environment.run(cleanUp);
    expect(objectsOf(twin)).toEqual(['PYTHON /Shared/elsewhere/b', 'PYTHON /Shared/elsewhere/x/a']);
    expect(twin.inventory().map(({ name }) => name)).not.toContain(`${ROOT}/x`);
    expect(await targets(cleanUp)).toEqual([]);
  });

  test('costs one look at runs and clusters, and one request for each file and folder', async () => {
    await deploy(['old/a.py', 'old/b.py', 'c.py'], ['c']);
    release('c.py');
    await environment.run(notebooks);
    twin.log.clear();
    await environment.run(cleanUp);
    expect(twin.log.counts()).toEqual({
      'Jobs.list_runs': 1,
      'Libraries.all_cluster_statuses': 1,
      'Workspace.delete': 3,
    });
  });

  test('is left alone where the environment leaves out the step that put it there', async () => {
    await deploy(['a.py', 'b.py'], ['a']);
    world.input = { skip: ['notebooks'] };
    release('a.py');
    expect(await targets(cleanUp)).toEqual([]);
  });
});

describe('while runs are under way', () => {
  test('a run that began before the switch keeps all that left the project, since it may load any of it', async () => {
    await deploy(['a.py', 'b.py'], ['a']);
    await startRun();
    const { cleaned } = await deploy(['a.py'], ['a']);
    expect(cleaned.output).toMatchObject({
      removed: 0,
      kept: [expect.stringMatching(/: run \d+ \(load\)$/)],
    });
    await pass(10);
    await deploy(['a.py'], ['a']);
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a`]);
  });

  test('runs that began since keep nothing, so that what is always running does not keep it for ever', async () => {
    await deploy(['a.py', 'b.py'], ['a']);
    await startRun();
    await deploy(['a.py'], ['a']);
    await pass(10);
    await startRun();
    await deploy(['a.py'], ['a']);
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a`]);
  });

  test('but one of them that names a file keeps it, and only it', async () => {
    await deploy(['a.py', 'b.py', 'b2.py', 'd.py'], ['a']);
    await startRun();
    await deploy(['a.py'], ['a']);
    await pass(10);
    await switchJob('b2');
    await startRun();
    release('a.py');
    const { output } = await environment.run(cleanUp);
    expect(output).toMatchObject({ removed: 2 });
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a`, `PYTHON ${ROOT}/b2`]);
    await pass(10);
    await environment.run(cleanUp);
    expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/a`]);
  });

  test('a file that came back meanwhile is not taken for one that was left there before', async () => {
    await deploy(['a.py', 'b.py'], ['a']);
    await startRun();
    await deploy(['a.py'], ['a']);
    await pass(10);
    await deploy(['a.py', 'b.py'], ['a']);
    await startRun();
    const { cleaned } = await deploy(['a.py'], ['a']);
    expect(cleaned.output).toMatchObject({ removed: 0 });
    expect(objectsOf(twin)).toHaveLength(2);
  });
});

test('a hundred releases that each rename a notebook leave one of them, and no memory of the others', async () => {
  for (let number = 1; number <= 100; number += 1) await deploy([`n${number}.py`], [`n${number}`]);
  expect(objectsOf(twin)).toEqual([`PYTHON ${ROOT}/n100`]);
  const stored = [world.inventories.notebooks, world.inventories['clean-up']].map((inventory) =>
    Buffer.from(world.contents.get(inventory?.digest ?? '') ?? '').toString(),
  );
  expect(stored.map((text) => (text.match(/\/n\d+"/g) ?? []).length)).toEqual([2, 1]);
  expect(writesOf(twin)).toBe(100 * 3 + 1 - 1);
});
