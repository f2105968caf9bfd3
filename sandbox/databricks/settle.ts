import { advanceCluster, finishInstall } from './clusters.ts';
import type { DatabricksContext } from './context.ts';
import { dueOfContinuous } from './continuous.ts';
import { type Due, dueInRun } from './run-life.ts';

/**
 * Brings clusters and runs up to date with the clock, in the order in which things were due. It runs ahead of
 * every request, so nothing can change a file between the time a run loads it and the time that is noticed.
 */
export function settle(context: DatabricksContext): void {
  for (let due = earliest(context); due && due.at <= context.clock.now(); due = earliest(context))
    due.happen();
}

function earliest(context: DatabricksContext): Due | undefined {
  const all = [
    ...dueInClusters(context),
    ...dueOfContinuous(context),
    ...[...context.state.runs.values()].flatMap((run) => dueInRun(context, run)),
  ];
  return all.reduce<Due | undefined>((first, due) => (first && first.at <= due.at ? first : due), undefined);
}

function dueInClusters(context: DatabricksContext): Due[] {
  return [...context.state.clusters.values()].flatMap((cluster) => {
    const { endsAt } = cluster;
    if (endsAt !== undefined) return [{ at: endsAt, happen: () => advanceCluster(context, cluster, endsAt) }];
    return cluster.libraries.flatMap((library) =>
      library.endsAt === undefined
        ? []
        : [{ at: library.endsAt, happen: () => finishInstall(context, library) }],
    );
  });
}
