import type { DatabricksClient } from '../engine/databricks-client.ts';
import type { Manifest } from '../project/manifest.ts';
import type { Change } from '../release/plan.ts';
import { storeInventory } from './inventory.ts';
import { tasksFor } from './notebooks/apply.ts';
import { completeFolders } from './notebooks/complete.ts';
import { driftOf, objectsAt } from './notebooks/drift.ts';
import { treesOf, workspaceFiles } from './notebooks/files.ts';
import type { Deployed } from './notebooks/inventory.ts';
import { knownForms, readDeployed } from './notebooks/inventory.ts';
import { inventoryAfter, withTimes } from './notebooks/inventory-after.ts';
import { mayBePersonal, rootFolder } from './notebooks/paths.ts';
import type { Drift } from './notebooks/plan.ts';
import { changesFor } from './notebooks/plan.ts';
import { filesOfPart, partsOf, versionChanges } from './notebooks/versions.ts';
import { folderProblem } from './place-check.ts';
import { layoutOf, NOTEBOOK_PATH, strategyOf, treeText } from './release-layout.ts';
import { manifestOf } from './run-inputs.ts';
import type { StepContext, StepKind, StepOutcome } from './step.ts';
import { workThrough } from './work-through.ts';
import { workspaceOf } from './workspace.ts';

/**
 * Puts the notebooks and tests of a release into the workspace. In place: sends what differs from the inventory, and
 * touches nothing else; what left the project is left to `clean-up`. Versioned: makes a folder beside the live one.
 */
export const notebooks: StepKind = {
  name: 'notebooks',
  summary: 'notebooks and files in the folder of databricksNotebookPath',
  async plan(context) {
    const site = await readSite(context);
    return strategyOf(context).strategy === 'versioned'
      ? planVersions(context, site)
      : planInPlace(context, site);
  },
  async check(context, changes) {
    if (changes.length === 0) return [];
    const { client, root, manifest } = await readSite(context);
    const roots = partsOf(manifest, root).map((part) => part.root);
    const problems = roots.map((folder) => folderProblem(client, folder, NOTEBOOK_PATH));
    return (await Promise.all(problems)).filter((problem) => problem !== null);
  },
  async apply(context, changes) {
    const site = await readSite(context);
    const send = strategyOf(context).strategy === 'versioned' ? sendVersions : sendInPlace;
    return (await send(context, changes, site)) ?? { done: await outputOf(context, changes, site) };
  },
};

/** Where things go, and what is there. */
interface Site {
  readonly client: DatabricksClient;
  readonly root: string;
  /** Whether to compare the workspace with the inventory: one list request a folder. */
  readonly verifies: boolean;
  readonly deployed: Deployed;
  readonly manifest: Manifest;
}

async function readSite(context: StepContext): Promise<Site> {
  const { client, variables } = await workspaceOf(context);
  const allowPersonal = mayBePersonal(context);
  const root = rootFolder(variables[NOTEBOOK_PATH], { variable: NOTEBOOK_PATH, allowPersonal });
  const deployed = await readDeployed(context, { workspace: client.workspaceUrl, root });
  const verifies = context.input.verifyNotebooks === true;
  return { client, root, verifies, deployed, manifest: await manifestOf(context) };
}

async function planInPlace({ content }: StepContext, site: Site): Promise<Change[]> {
  const { manifest, root, deployed, client } = site;
  const trees = treesOf(manifest, root);
  const files = await workspaceFiles(trees, { content, known: knownForms(deployed) });
  const drift = site.verifies ? await findDrift(client, deployed) : new Map();
  return changesFor(files, deployed, drift);
}

function planVersions({ content }: StepContext, site: Site): Promise<Change[]> {
  const { manifest, root, deployed, client, verifies } = site;
  const workspace = verifies ? client.workspace : null;
  return versionChanges(partsOf(manifest, root), { content, deployed, workspace });
}

/** What is left to do when a call of `apply` ends early. */
type Unfinished = Exclude<StepOutcome, { readonly done: unknown }>;

function sendInPlace(
  context: StepContext,
  changes: readonly Change[],
  { client, deployed }: Site,
): Promise<Unfinished | null> {
  const site = { workspace: client.workspace, content: context.content };
  return workThrough(context, tasksFor(changes, deployed, site));
}

async function sendVersions(
  context: StepContext,
  changes: readonly Change[],
  { client, manifest, root }: Site,
): Promise<Unfinished | null> {
  const targets = new Set(changes.map(({ target }) => target));
  const parts = partsOf(manifest, root).filter(({ folder }) => targets.has(folder));
  const folders = parts.map(async (part) => ({
    folder: part.folder,
    files: await filesOfPart(part, context.content),
  }));
  return completeFolders(context, await Promise.all(folders), client.workspace);
}

async function findDrift({ workspace }: DatabricksClient, { files }: Deployed): Promise<Drift> {
  const objects = await objectsAt(workspace, files.keys());
  const found = [...files].map(([path, file]) => [path, driftOf(file, objects.get(path))] as const);
  return new Map(found.flatMap(([path, drift]) => (drift === null ? [] : [[path, drift] as const])));
}

async function outputOf(context: StepContext, changes: readonly Change[], site: Site) {
  const { client, root, verifies, deployed, manifest } = site;
  const made = { workspace: client.workspaceUrl, root, run: context.run.id };
  const after = inventoryAfter(deployed, changes, made);
  // The next plan compares with these lists.
  for (const { files: listed } of partsOf(manifest, root)) await context.content.put(treeText(listed));
  const inventory = verifies
    ? withTimes(after, await objectsAt(client.workspace, Object.keys(after.files)))
    : after;
  const files = partsOf(manifest, root).reduce((sum, part) => sum + part.files.length, 0);
  const { notebookFolder, testFolder } = await layoutOf(context);
  return {
    folder: notebookFolder,
    testFolder,
    files,
    inventory: await storeInventory(context, inventory),
  };
}
