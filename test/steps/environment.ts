import type { DatabricksTwin } from '../../sandbox/databricks/twin.ts';
import type { Inventory } from '../../shared/release/model.ts';
import { notebooks } from '../../shared/steps/notebooks.ts';
import { layoutOf } from '../../shared/steps/release-layout.ts';
import type { StepKind } from '../../shared/steps/step.ts';
import { wheel } from '../../shared/steps/wheel.ts';
import { buildWheel } from '../../tools/example/wheel.ts';
import type { DatabricksWorld } from './databricks-world.ts';
import { VARIABLES, WORKSPACE } from './databricks-world.ts';
import type { StepRun } from './step-runner.ts';
import { contextOf, plan, runToEnd } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

export const JOB = 'load';

/** An environment that releases pass through: every step keeps its inventory and sees those of the others. */
export interface Environment {
  /** Plans and applies one step. What it throws leaves its plan uncertain. */
  run(kind: StepKind): Promise<StepRun>;
  /** Only plans. */
  plan(kind: StepKind): ReturnType<typeof plan>;
  /** Sends wheels and notebooks, switches the job, and cleans up. @returns what became of the cleaning. */
  deploy(cleanUp: StepKind): Promise<StepRun>;
  /** Makes or resets the job, as `databricks-config` would: a notebook, and a task on the wheel. */
  switchJob(): Promise<void>;
}

/** Lets a world's steps work as those of one environment. */
export function environmentOf({ world }: DatabricksWorld): Environment {
  const inventories: Record<string, Inventory> = {};
  const within = async <Result>(kind: StepKind, work: () => Promise<Result>): Promise<Result> => {
    world.inventory = inventories[kind.name] ?? { digest: null, uncertain: [] };
    world.inventories = inventories;
    try {
      return await work();
    } finally {
      inventories[kind.name] = world.inventory;
    }
  };
  const run = (kind: StepKind) => within(kind, () => runToEnd(kind, world));
  const switchJob = () => underVirtualTime(world.clock, switchJobOf(world));
  return {
    run,
    plan: (kind) => within(kind, () => plan(kind, world)),
    switchJob,
    async deploy(cleanUp) {
      for (const kind of [wheel, notebooks]) {
        const { refused } = await run(kind);
        if (refused !== null) throw new Error(refused);
      }
      await switchJob();
      return run(cleanUp);
    },
  };
}

async function switchJobOf(world: DatabricksWorld['world']): Promise<void> {
  const { notebookFolder, wheels } = await layoutOf(await contextOf(notebooks, world, null));
  const libraries = wheels.map((whl) => ({ whl }));
  const settings = {
    name: JOB,
    max_concurrent_runs: 1,
    queue: { enabled: true },
    tasks: [
      { task_key: 'ingest', notebook_task: { notebook_path: `${notebookFolder}/ingest` }, libraries },
      {
        task_key: 'transform',
        depends_on: [{ task_key: 'ingest' }],
        notebook_task: { notebook_path: `${notebookFolder}/deep/transform` },
        libraries,
      },
    ],
  };
  const { jobs } = world.clients.databricks(WORKSPACE);
  const [job] = await jobs.find(JOB);
  if (job === undefined) await jobs.create(settings);
  else await jobs.reset(job.id, settings);
}

/** A release whose every file says which one it is. */
export async function releaseOf(
  name: string,
  version: string,
): Promise<DatabricksWorld['world']['artifacts']> {
  const project = { name: 'parking-sensors', description: '', requiresPython: '>=3.10', scripts: new Map() };
  const modules = new Map([['parking_sensors/__init__.py', Buffer.from(`release = "${version}"\n`)]]);
  const { fileName, content } = await buildWheel({ project, version, modules });
  const source = `# Databricks notebook source\n# ${name}\n`;
  return {
    'python-wheel': { [fileName]: content },
    'databricks-notebooks': { 'ingest.py': source, 'deep/transform.py': source },
    'databricks-tests': { 'run_suite.py': `# ${name}` },
  };
}

/** Names of the wheels that are in the volume, with their folders. */
export function wheelsIn(twin: DatabricksTwin): string[] {
  return twin
    .inventory()
    .filter(({ kind }) => kind === 'volume-file')
    .map(({ name }) => name.replace(`${VARIABLES.databricksDbfsLibPath}/`, ''));
}

/** Folders of the workspace that hold one version each. */
export function versionsIn(twin: DatabricksTwin): string[] {
  const isVersion = /\/releases\/[0-9a-f]{16}$/;
  return twin
    .inventory()
    .filter(({ kind, name }) => kind === 'directory' && isVersion.test(name))
    .map(({ name }) => name);
}
