import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import { parseJson, stringifyJson } from '../../sandbox/twin/big-json.ts';
import type { TwinSettings } from '../../sandbox/twin/model.ts';
import { databricksConfig } from '../../shared/steps/databricks-config.ts';
import { reference } from '../../shared/steps/unity-catalog/wanted.ts';
import { databricksWorld, WORKSPACE, writesOf } from './databricks-world.ts';
import { plan, runToEnd } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

const EXAMPLE = join(__dirname, '../../examples/parking-sensors/databricks/config');

/** The files of a project that this step reads, by name. */
export interface ConfigFiles {
  policies: object[];
  clusters: object[];
  jobs: object[];
  folders: object[];
}

/** One file of the example project. */
export function exampleFile(name: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(readFileSync(join(EXAMPLE, name), 'utf8'));
}

/** A workspace, and a project with configuration files that a test changes freely. */
export function openConfig(options: TwinSettings & DatabricksOptions = {}) {
  const { world, twin } = databricksWorld({ limits: [], ...options });
  const files: ConfigFiles = { policies: [], clusters: [], jobs: [], folders: [] };
  const publish = () => {
    world.artifacts = {
      ...world.artifacts,
      'databricks-config': {
        'cluster-policies.json': JSON.stringify({ policies: files.policies }),
        'clusters.json': JSON.stringify({ clusters: files.clusters }),
        'jobs.json': JSON.stringify({ jobs: files.jobs }),
        'permissions.json': JSON.stringify({ folders: files.folders }),
      },
    };
  };
  /** Publishes other files and gives the release a new name. */
  const release = (change: Partial<ConfigFiles>) => {
    Object.assign(files, change);
    publish();
  };
  const deploy = () => runToEnd(databricksConfig, world);
  /** Calls the API of the workspace as somebody else would, with ids as bigint. */
  const call = async (method: string, path: string, json?: object) => {
    const body = Buffer.from(json === undefined ? '' : stringifyJson(json));
    const answer = await twin.handle({ method, url: `${WORKSPACE}${path}`, headers: {}, body });
    return Object(parseJson(Buffer.from(answer.body).toString() || '{}'));
  };
  return {
    ...{ world, twin, files, release, deploy, call },
    /** Deploys once more and counts only what that takes. */
    redeploy: () => {
      twin.log.clear();
      return deploy();
    },
    planned: async () => linesOf(await plan(databricksConfig, world)),
    writes: () => writesOf(twin),
    /** Names of what is there of a kind, and whether it is still the same. */
    names: (kind: string) =>
      twin
        .inventory()
        .filter((item) => item.kind === kind)
        .map(({ name }) => name),
    pass: (timeInMs: number) => underVirtualTime(world.clock, world.clock.sleep(timeInMs)),
    /** Counts of operations that changed something. */
    written: () => {
      const reads = /\.(get|list|read|cluster_status|list_runs|get_run|get_status)$/;
      return Object.fromEntries(Object.entries(twin.log.counts()).filter(([name]) => !reads.test(name)));
    },
    refusal: async () => {
      const before = writesOf(twin);
      const error: unknown = await plan(databricksConfig, world).catch((thrown: unknown) => thrown);
      if (writesOf(twin) !== before) throw new Error('a plan has written');
      return error instanceof Error ? `${error.name}: ${error.message}` : 'planned';
    },
  };
}

/** Changes in one line each. */
export function linesOf(changes: readonly { action: string; target: string; detail?: string }[]): string[] {
  return changes.map(({ action, target, detail }) => `${action} ${target}: ${detail}`);
}

export const POLICY = { name: 'small', definition: { num_workers: { type: 'range', maxValue: 2 } } };

export const CLUSTER = {
  cluster_name: 'shared',
  policy_id: reference('policies.small'),
  spark_version: '16.4.x-scala2.12',
  node_type_id: 'Standard_D4ds_v5',
  num_workers: 1,
};

export const JOB = {
  name: 'load',
  max_concurrent_runs: 1,
  tasks: [
    {
      task_key: 'a',
      existing_cluster_id: reference('clusters.shared'),
      notebook_task: { notebook_path: '/Shared/nb' },
    },
    { task_key: 'b', notebook_task: { notebook_path: '/Shared/nb' } },
    {
      task_key: 'c',
      depends_on: [{ task_key: 'a' }, { task_key: 'b' }],
      notebook_task: { notebook_path: '/Shared/nb' },
    },
  ],
};
