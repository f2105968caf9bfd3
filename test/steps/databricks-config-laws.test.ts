import { expect, test } from '@jest/globals';
import { reference } from '../../shared/steps/unity-catalog/wanted.ts';
import { seededRandom } from '../../tools/example/random.ts';
import type { ConfigFiles } from './databricks-config-world.ts';
import { CLUSTER, JOB, openConfig, POLICY } from './databricks-config-world.ts';

/** Whole numbers below a limit, the same for the same seed. */
type Dice = (below: number) => number;

const some = <Item>(dice: Dice, all: readonly Item[]): Item[] => all.filter(() => dice(2) === 1);

function accessOf(dice: Dice, levels: readonly string[]): object {
  const entries = some(dice, ['ops', 'dev', 'analysts']).map((group_name) => ({
    ...{ group_name, permission_level: levels[dice(levels.length)] },
  }));
  return entries.length === 0 ? {} : { access_control_list: entries };
}

/** A project as it may be: things come, change and go. Jobs refer to the clusters that there are. */
function randomFiles(dice: Dice): ConfigFiles {
  const policies = ['small', ...some(dice, ['p1', 'p2'])];
  const clusters = some(dice, ['shared', 'c1', 'c2']);
  const [cluster] = clusters;
  const where = cluster === undefined ? {} : { existing_cluster_id: reference(`clusters.${cluster}`) };
  const task = (task_key: string) => ({
    task_key,
    ...where,
    notebook_task: { notebook_path: `/nb${dice(2)}` },
  });
  return {
    policies: policies.map((name) => ({
      ...{ ...POLICY, name, definition: { num_workers: { type: 'range', maxValue: dice(3) } } },
      ...accessOf(dice, ['CAN_USE']),
    })),
    clusters: clusters.map((cluster_name) => ({
      ...{ ...CLUSTER, cluster_name, num_workers: dice(2) + 1 },
      policy_id: reference(`policies.${policies[dice(policies.length)]}`),
      libraries: some(dice, ['a', 'b', 'c']).map((name) => ({ pypi: { package: name } })),
      ...accessOf(dice, ['CAN_RESTART', 'CAN_MANAGE']),
    })),
    jobs: some(dice, ['load', 'report', 'check', 'clean']).map((name) => ({
      ...{ ...JOB, name, max_concurrent_runs: dice(3) + 1, tasks: some(dice, ['t1', 't2', 't3']).map(task) },
      ...(dice(2) === 1 ? { tags: { t: String(dice(2)) } } : {}),
      ...accessOf(dice, ['CAN_VIEW', 'CAN_MANAGE_RUN']),
    })),
    folders: some(dice, ['/Shared', '/Users']).map((path) => ({
      ...{ path, access_control_list: [] },
      ...accessOf(dice, ['CAN_READ', 'CAN_RUN']),
    })),
  };
}

async function deploy(config: ReturnType<typeof openConfig>, files: ConfigFiles): Promise<void> {
  config.release(files);
  expect((await config.deploy()).refused).toBeNull();
  await config.pass(1_000);
}

test.each(Array.from({ length: 40 }, (_one, index) => index + 1))(
  'what is there depends on the files of the last release alone, not on those before it (seed %i)',
  async (seed) => {
    const dice: Dice = seededRandom(seed).below;
    const releases = Array.from({ length: 4 }, () => randomFiles(dice));
    const config = openConfig();
    const fresh = openConfig();
    for (const files of releases) await deploy(config, files);
    const [last] = releases.slice(-1);
    if (last !== undefined) await deploy(fresh, last);
    expect(config.twin.inventory()).toEqual(fresh.twin.inventory());
    expect((await config.redeploy()).changes).toEqual([]);
    expect([...config.twin.violations(), ...fresh.twin.violations()]).toEqual([]);
  },
  60_000,
);
