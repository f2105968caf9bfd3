import type { DatabricksClient } from '../engine/databricks-client.ts';
import { filesOf } from '../project/manifest.ts';
import type { Change } from '../release/plan.ts';
import { storeInventory } from './inventory.ts';
import { tasksFor } from './notebooks-apply.ts';
import { driftOf, objectsAt } from './notebooks-drift.ts';
import type { KnownForm, WorkspaceFile } from './notebooks-files.ts';
import { workspaceFiles } from './notebooks-files.ts';
import type { Deployed } from './notebooks-inventory.ts';
import { inventoryAfter, knownForms, readDeployed, withTimes } from './notebooks-inventory.ts';
import { rootFolder } from './notebooks-paths.ts';
import type { Drift } from './notebooks-plan.ts';
import { changesFor } from './notebooks-plan.ts';
import { NOTEBOOK_PATH, testRoot } from './release-layout.ts';
import { manifestOf } from './run-inputs.ts';
import type { StepContext, StepKind } from './step.ts';
import { workThrough } from './work-through.ts';
import { workspaceOf } from './workspace.ts';

/**
 * Puts the notebooks and files of a release into one folder of the workspace, in place: sends what differs from
 * the inventory, removes what left the project, and touches nothing else.
 */
export const notebooks: StepKind = {
  name: 'notebooks',
  summary: 'notebooks and files in the folder of databricksNotebookPath',
  async plan(context) {
    const { place, client } = await readPlace(context);
    const deployed = await readDeployed(context, place);
    const files = await filesFor(context, place.root, knownForms(deployed));
    const drift = place.verifies ? await findDrift(client, deployed) : new Map();
    return changesFor(files, deployed, drift);
  },
  async apply(context, changes) {
    const { place, client } = await readPlace(context);
    const deployed = await readDeployed(context, place);
    const site = { workspace: client.workspace, content: context.content, deployed };
    const unfinished = await workThrough(context, tasksFor(changes, site));
    if (unfinished !== null) return unfinished;
    return { done: await outputOf(context, { place, client, deployed, changes }) };
  },
};

interface Place {
  readonly workspace: string;
  readonly root: string;
  /** Whether to compare the workspace with the inventory: one list request a folder. */
  readonly verifies: boolean;
}

async function readPlace(
  context: StepContext,
): Promise<{ readonly place: Place; readonly client: DatabricksClient }> {
  const { client, variables } = await workspaceOf(context);
  const allowPersonal = context.input.allowPersonalFolders === true;
  const root = rootFolder(variables[NOTEBOOK_PATH], { variable: NOTEBOOK_PATH, allowPersonal });
  return { place: { workspace: client.workspaceUrl, root, verifies: context.input.verify === true }, client };
}

/** The notebooks of the release, and beside them its tests. */
async function filesFor(context: StepContext, root: string, known: KnownForm): Promise<WorkspaceFile[]> {
  const { content } = context;
  const manifest = await manifestOf(context);
  const own = await workspaceFiles(filesOf(manifest, 'databricks-notebooks'), { root, content, known });
  const beside = { root: testRoot(root), content, known };
  return [...own, ...(await workspaceFiles(filesOf(manifest, 'databricks-tests'), beside))];
}

async function findDrift({ workspace }: DatabricksClient, { files }: Deployed): Promise<Drift> {
  const objects = await objectsAt(workspace, files.keys());
  const found = [...files].map(([path, file]) => [path, driftOf(file, objects.get(path))] as const);
  return new Map(found.flatMap(([path, drift]) => (drift === null ? [] : [[path, drift] as const])));
}

async function outputOf(
  context: StepContext,
  {
    place,
    client,
    deployed,
    changes,
  }: {
    readonly place: Place;
    readonly client: DatabricksClient;
    readonly deployed: Deployed;
    readonly changes: readonly Change[];
  },
) {
  const after = inventoryAfter(deployed, changes, { workspace: place.workspace, root: place.root });
  const inventory = place.verifies
    ? withTimes(after, await objectsAt(client.workspace, Object.keys(after.files)))
    : after;
  return {
    folder: `/Workspace${place.root}`,
    testFolder: `/Workspace${testRoot(place.root)}`,
    files: Object.keys(after.files).length,
    inventory: await storeInventory(context, inventory),
  };
}
