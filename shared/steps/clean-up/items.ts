import type { DatabricksClient } from '../../engine/databricks-client.ts';
import { notebooksContext, readDeployed } from '../notebooks/inventory.ts';
import { folderOf, rootFolder } from '../notebooks/paths.ts';
import type { Strategy } from '../release-layout.ts';
import { layoutOf, NOTEBOOK_PATH, strategyOf, testRoot } from '../release-layout.ts';
import type { StepContext } from '../step.ts';
import { readWheelName } from '../wheel/file.ts';
import { fileNameOf, readWheels, wheelContext } from '../wheel/inventory.ts';
import { workspaceOf } from '../workspace.ts';

/** Something that `wheel` or `notebooks` has put into the workspace. */
export interface Item {
  readonly target: string;
  readonly kind: 'version' | 'file' | 'wheel';
  /** SHA-256; null where it is not known. */
  readonly digest: string | null;
  readonly upload: number;
  /** The run that sent it. */
  readonly run: string;
  readonly whole: boolean;
  readonly strategy: Strategy['strategy'];
  /** Items of a group are versions of one thing, listed newest first. */
  readonly group: string;
  /** Its folder is the one that the variables name now. */
  readonly isHere: boolean;
}

/** What is there, and what of it the release needs. */
export interface Stock extends Strategy {
  readonly client: DatabricksClient;
  readonly items: readonly Item[];
  /** Targets of the release itself: never removed. */
  readonly wanted: ReadonlySet<string>;
  /** Every target that the inventories name, removed or not. */
  readonly listed: ReadonlySet<string>;
  /** Folders of the files in place, without their roots. */
  readonly folders: ReadonlySet<string>;
  /** The folders that the files in place are in, without `/Workspace`. */
  readonly inPlaceRoots: readonly string[];
  /** The folders below which something of the project may be named: of notebooks, tests and wheels. */
  readonly places: readonly string[];
}

/** Reads what is there by our doing. @throws Refusal when the variables name no folders. */
export async function readStock(context: StepContext): Promise<Stock> {
  const { content, inventories } = context;
  const { client, variables } = await workspaceOf(context);
  const layout = await layoutOf(context);
  const root = rootFolder(variables[NOTEBOOK_PATH], { variable: NOTEBOOK_PATH, allowPersonal: true });
  const workspace = client.workspaceUrl;
  const deployed = await readDeployed(notebooksContext(content, inventories), { workspace, root });
  const sent = await readWheels(wheelContext(content, inventories), workspace);
  const folders = [layout.notebookFolder, ...(layout.testFolder === null ? [] : [layout.testFolder])];
  const roots = [root, testRoot(root)];
  const wheels = sent.wheels.map(toWheelItem);
  const inPlaceRoots = [deployed.root, testRoot(deployed.root)];
  return {
    ...strategyOf(context),
    client,
    items: [
      ...deployed.versions.map(({ folder, ...rest }) => toVersionItem({ target: folder, ...rest }, roots)),
      ...fileItems(deployed),
      ...wheels,
    ],
    wanted: new Set([...folders.map(withoutMount), ...layout.wheels]),
    listed: new Set([...deployed.listed, ...sent.listed]),
    folders: deployed.folders,
    inPlaceRoots,
    places: [...new Set([...roots, ...inPlaceRoots, ...wheels.map(({ target }) => libraryFolderOf(target))])],
  };
}

/** `/Workspace` is the root of the workspace under another name. */
export function withoutMount(path: string): string {
  return path.replace(/^\/Workspace(?=\/)/, '');
}

type Sent = Pick<Item, 'target' | 'upload' | 'run' | 'whole'> & { readonly digest: string };

function toVersionItem({ target, digest, upload, run, whole }: Sent, roots: readonly string[]): Item {
  const group = folderOf(target);
  const isHere = roots.includes(folderOf(group));
  return {
    ...{ target, digest, upload, run, whole, group, isHere },
    kind: 'version',
    strategy: 'versioned',
  };
}

function fileItems({ files, uncertain, root }: Awaited<ReturnType<typeof readDeployed>>): Item[] {
  const own = { kind: 'file', run: '', strategy: 'in-place', group: root, isHere: true } as const;
  return [...new Set([...files.keys(), ...uncertain.keys()])].map((target) => {
    const upload = Math.max(files.get(target)?.upload ?? 0, uncertain.get(target)?.upload ?? 0);
    const digest = files.get(target)?.sha256 || null;
    return { ...own, target, digest, upload, whole: !uncertain.has(target) };
  });
}

const OWN_FOLDER = /\/releases\/[0-9a-f]{16}$/;

function toWheelItem({
  path,
  sha256,
  ...rest
}: { path: string; sha256: string } & Omit<Sent, 'digest' | 'target'>): Item {
  const strategy = OWN_FOLDER.test(folderOf(path)) ? 'versioned' : 'in-place';
  const group = readWheelName(fileNameOf(path))?.distribution ?? fileNameOf(path);
  return { target: path, kind: 'wheel', digest: sha256, ...rest, strategy, group, isHere: true };
}

/** The folder that a wheel's path is in, without the one of its version. */
function libraryFolderOf(path: string): string {
  return withoutMount(folderOf(path).replace(OWN_FOLDER, ''));
}
