import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import type { DatabricksTwin } from '../../sandbox/databricks/twin.ts';
import { createDatabricksTwin } from '../../sandbox/databricks/twin.ts';
import { createChance } from '../../sandbox/twin/chance.ts';
import type { TwinSettings } from '../../sandbox/twin/model.ts';
import { createDatabricksClient } from '../../shared/adapters/databricks.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import type { NewWorld, World } from './step-runner.ts';
import { newWorld } from './step-runner.ts';
import { twinHttpClient } from './twin-http-client.ts';
import { newClock } from './virtual-time.ts';

export const WORKSPACE = 'https://adb-1000000000000001.1.azuredatabricks.net';

export const VARIABLES = {
  databricksWorkspaceUrl: WORKSPACE,
  databricksNotebookPath: '/Workspace/Shared/parking-sensors',
  databricksDbfsLibPath: '/Volumes/parking_sensors_catalog_dev/utilities/libraries',
  datalakeAccountName: 'stparkingsensorsdev001',
  unityCatalogName: 'parking_sensors_catalog_dev',
};

export interface DatabricksWorld {
  readonly world: World;
  readonly twin: DatabricksTwin;
}

/** A world with the twin of one workspace, empty and in the same virtual time. */
export function databricksWorld(
  settings: TwinSettings & DatabricksOptions = {},
  { values, ...rest }: NewWorld = {},
): DatabricksWorld {
  const clock = newClock();
  const twinClock = { now: () => clock.now(), sleep: (timeInMs: number) => clock.sleep(timeInMs) };
  const twin = createDatabricksTwin({ clock: twinClock, chance: createChance(7), ...settings });
  const httpClient = twinHttpClient({ [WORKSPACE]: twin });
  const limits = new HostLimits(clock);
  const databricks = (workspaceUrl: string) =>
    createDatabricksClient({ workspaceUrl, credential: null, clock, limits, httpClient });
  const variables = { ...VARIABLES, ...values?.variables };
  const world = newWorld({ clock, clients: { databricks }, values: { ...values, variables }, ...rest });
  return { world, twin };
}

/** Operations that change something. */
const WRITES =
  /\.(import|mkdirs|delete|upload|create|update|put|add_block|close|create_directory|set|reset|edit|restart|start|permanent_delete|install|uninstall)$/;

/** How many requests so far changed something, whatever came of them. */
export function writesOf(twin: DatabricksTwin): number {
  return twin.log.requests().filter(({ operation }) => WRITES.test(operation)).length;
}

/** Paths of notebooks and files in the workspace, with the language of notebooks. */
export function objectsOf(twin: DatabricksTwin): string[] {
  const objects = twin.inventory().filter(({ kind }) => kind === 'notebook' || kind === 'file');
  return objects.map(({ kind, name, language }) => `${language ?? kind} ${name}`);
}

/** Calls the REST API of the workspace as somebody else would. */
export async function callTwin(twin: DatabricksTwin, path: string, json: object): Promise<void> {
  const request = { method: 'POST', url: `${WORKSPACE}${path}`, headers: {} };
  const { status } = await twin.handle({ ...request, body: Buffer.from(JSON.stringify(json)) });
  if (status !== 200) throw new Error(`${path}: ${status}`);
}

/** Makes the volume that wheels go to; the metastore must have a storage root. */
export async function makeVolume(twin: DatabricksTwin): Promise<void> {
  const catalog = { catalog_name: 'parking_sensors_catalog_dev' };
  const volume = { ...catalog, schema_name: 'utilities', name: 'libraries', volume_type: 'MANAGED' };
  await callTwin(twin, '/api/2.1/unity-catalog/catalogs', { name: catalog.catalog_name });
  await callTwin(twin, '/api/2.1/unity-catalog/schemas', { ...catalog, name: 'utilities' });
  await callTwin(twin, '/api/2.1/unity-catalog/volumes', volume);
  twin.log.clear();
}
