import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { Version } from '../notebooks/inventory.ts';
import { notebooksContext, readDeployed } from '../notebooks/inventory.ts';
import { folderOf, rootFolder } from '../notebooks/paths.ts';
import type { Strategy } from '../release-layout.ts';
import { layoutOf, NOTEBOOK_PATH, strategyOf, testRoot } from '../release-layout.ts';
import type { StepContext } from '../step.ts';
import { readWheelName } from '../wheel/file.ts';
import type { SentWheel } from '../wheel/inventory.ts';
import { fileNameOf, readWheels, wheelContext } from '../wheel/inventory.ts';
import { workspaceOf } from '../workspace.ts';
import { filesInPlace } from './files-in-place.ts';
import type { Item } from './item.ts';
import type { Mark } from './memory.ts';
import { removedTargets } from './memory.ts';

/** What is there, and what of it the release needs. */
export interface Stock extends Strategy {
  readonly client: DatabricksClient;
  readonly items: readonly Item[];
  /** Targets of the release itself: never removed. */
  readonly wanted: ReadonlySet<string>;
  /** Every target that the inventories name, removed or not. */
  readonly listed: ReadonlySet<string>;
  /** What this step has removed before, or may have. */
  readonly marks: ReadonlyMap<string, Mark>;
  /** The folders that the files in place are in, without `/Workspace`. */
  readonly inPlaceRoots: readonly string[];
  /** The folders below which something of the project may be named: of notebooks, tests and wheels. */
  readonly places: readonly string[];
}

/**
 * Reads what is there by our doing. What a step has put there that the environment leaves out now is left alone.
 * @throws Refusal when the variables name no folders.
 */
export async function readStock(context: StepContext): Promise<Stock> {
  const { content, inventories } = context;
  const { client, variables } = await workspaceOf(context);
  const layout = await layoutOf(context);
  const root = rootFolder(variables[NOTEBOOK_PATH], { variable: NOTEBOOK_PATH, allowPersonal: true });
  const workspace = client.workspaceUrl;
  const deployed = await readDeployed(notebooksContext(content, inventories), { workspace, root });
  const sent = await readWheels(wheelContext(content, inventories), workspace);
  const marks = await removedTargets(context, workspace);
  const isLeftOut = leftOutOf(context);
  const folders = [layout.notebookFolder, ...(layout.testFolder === null ? [] : [layout.testFolder])];
  const roots = [root, testRoot(root)];
  const wheels = sent.wheels.map(toWheelItem);
  const inPlace = isLeftOut('notebooks')
    ? { items: [], wanted: [] }
    : await filesInPlace(context, { deployed, root, marks });
  const inPlaceRoots = [...new Set(inPlace.items.map(({ group }) => group))];
  const versions = deployed.versions.map((version) => toVersionItem(version, roots));
  return {
    ...strategyOf(context),
    client,
    items: [
      ...(isLeftOut('notebooks') ? [] : versions),
      ...inPlace.items,
      ...(isLeftOut('wheel') ? [] : wheels),
    ],
    wanted: new Set([...folders.map(withoutMount), ...inPlace.wanted, ...layout.wheels]),
    listed: new Set([...deployed.listed, ...sent.listed]),
    marks,
    inPlaceRoots,
    places: [...new Set([...roots, ...inPlaceRoots, ...wheels.map(({ target }) => libraryFolderOf(target))])],
  };
}

/** Whether the environment leaves a step out: the input `skip`. */
function leftOutOf({ input: { skip } }: StepContext): (step: string) => boolean {
  return (step) => Array.isArray(skip) && skip.includes(step);
}

/** `/Workspace` is the root of the workspace under another name. */
export function withoutMount(path: string): string {
  return path.replace(/^\/Workspace(?=\/)/, '');
}

function toVersionItem({ folder, digest, upload, run, whole }: Version, roots: readonly string[]): Item {
  const group = folderOf(folder);
  const isHere = roots.includes(folderOf(group));
  return {
    ...{ target: folder, digest, upload, run, whole, group, isHere },
    kind: 'version',
    strategy: 'versioned',
  };
}

const OWN_FOLDER = /\/releases\/[0-9a-f]{16}$/;

function toWheelItem({ path, sha256, ...rest }: SentWheel): Item {
  const strategy = OWN_FOLDER.test(folderOf(path)) ? 'versioned' : 'in-place';
  const group = readWheelName(fileNameOf(path))?.distribution ?? fileNameOf(path);
  return { target: path, kind: 'wheel', digest: sha256, ...rest, strategy, group, isHere: true };
}

/** The folder that a wheel's path is in, without the one of its version. */
function libraryFolderOf(path: string): string {
  return withoutMount(folderOf(path).replace(OWN_FOLDER, ''));
}
