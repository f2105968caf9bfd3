import { withFiles, withWheel } from './builds.ts';
import type { BuildContent } from './world.ts';

/** A build that changes something of everything that a release can change, against the example. */
export async function changedBuild(build: BuildContent): Promise<BuildContent> {
  const wheel = await withWheel(build, '1.3.0');
  const notebooks = withFiles(wheel, 'databricks-notebooks', {
    'bronze/01_ingest.py': '# Databricks notebook source\nprint("changed")\n',
    'gold/04_added.py': '# Databricks notebook source\nprint("added")\n',
    'gold/busiest_segments.sql': null,
  });
  const parameters = 'main.parameters.prod.json';
  const infrastructure = withFiles(notebooks, 'infrastructure', {
    [parameters]: edited(build, ['infrastructure', parameters], (file) => {
      file.parameters.deletedDataRetentionInDays.value = 60;
    }),
  });
  return withFiles(infrastructure, 'databricks-config', {
    'unity-catalog.json': edited(build, ['databricks-config', 'unity-catalog.json'], changeCatalog),
    'jobs.json': edited(build, ['databricks-config', 'jobs.json'], changeJobs),
    'clusters.json': edited(build, ['databricks-config', 'clusters.json'], (file) => {
      file.clusters[0].autotermination_minutes = 45;
    }),
    'cluster-policies.json': edited(build, ['databricks-config', 'cluster-policies.json'], (file) => {
      const [policy] = file.policies;
      file.policies.push({ ...policy, name: 'parking-sensors-added' });
      policy.max_clusters_per_user = 3;
      policy.description = 'Changed';
    }),
    'permissions.json': edited(build, ['databricks-config', 'permissions.json'], (file) => {
      file.folders[0].access_control_list[1].permission_level = 'CAN_RUN';
    }),
    'feature-flags.json': edited(build, ['databricks-config', 'feature-flags.json'], changeFlags),
  });
}

/** Grants of a securable that lists only some of them, and of one that lists them all; comments. */
function changeCatalog(file: Edited): void {
  const [catalog] = file.catalogs;
  catalog.comment = 'Changed';
  catalog.grants.push({ principal: 'auditors', privileges: ['USE_CATALOG', 'BROWSE'] });
  const gold = catalog.schemas.find(({ name }: { name: string }) => name === 'gold');
  gold.grants = [{ principal: 'auditors', privileges: ['USE_SCHEMA'] }];
}

/** One job changed, one added, one gone. */
function changeJobs(file: Edited): void {
  const [load, report] = file.jobs;
  load.timeout_seconds = 3_600;
  load.tasks = load.tasks.slice(0, 2);
  file.jobs = [load, { ...report, name: 'parking-sensors-added' }];
}

/** One flag changed, one added. */
function changeFlags(file: Edited): void {
  const [forecast] = file.feature_flags;
  forecast.description = 'Shows another forecast';
  forecast.rollout.prod = [{ percentage: 25, wait_in_minutes: 10 }, { percentage: 75 }];
  const added = { ...forecast, id: 'added', rollout: { default: [{ percentage: 100 }] } };
  file.feature_flags = [forecast, added];
}

/** A file of the example, whose shape its own tests hold. */
type Edited = ReturnType<typeof JSON.parse>;

function edited(
  build: BuildContent,
  [artifact, path]: readonly [string, string],
  edit: (file: Edited) => void,
): string {
  const content = build[artifact]?.[path];
  if (content === undefined) throw new Error(`the build has no ${artifact}/${path}`);
  const file: Edited = JSON.parse(Buffer.from(content).toString('utf8'));
  edit(file);
  return JSON.stringify(file, null, 2);
}
