import * as z from 'zod';
import type { WorkspaceTree } from '../../engine/databricks-client.ts';
import type { ContentStore } from '../../engine/ports.ts';
import type { Manifest, ManifestFile } from '../../project/manifest.ts';
import { sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { treeText, versionFolder } from '../release-layout.ts';
import { wrongIn } from './difference.ts';
import type { WorkspaceFile } from './files.ts';
import { treesOf, workspaceFiles } from './files.ts';
import type { Deployed, Version, VersionData } from './inventory.ts';

/** An artifact of a release, and the folder that it has for itself. */
export interface Part {
  /** The folder that holds all versions. */
  readonly root: string;
  readonly folder: string;
  readonly files: readonly ManifestFile[];
}

/** The notebooks and the tests of a release, as far as it has them. */
export function partsOf(manifest: Manifest, root: string): Part[] {
  return treesOf(manifest, root)
    .filter(({ files }) => files.length > 0)
    .map((tree) => ({ ...tree, folder: versionFolder(tree.root, tree.files, 'versioned') }));
}

/** What the files of a part will be in its folder. @throws Refusal naming every file that cannot be deployed. */
export function filesOfPart({ folder, files }: Part, content: ContentStore): Promise<WorkspaceFile[]> {
  return workspaceFiles([{ root: folder, files }], { content, known: () => undefined });
}

/** What a plan of versions is made from. */
interface Sight {
  readonly content: ContentStore;
  readonly deployed: Deployed;
  /** Where to look for drift; null: nowhere. */
  readonly workspace: WorkspaceTree | null;
}

/**
 * One change for each folder that is not there whole: nothing in it has to be shown, since it is beside what is live.
 * @throws Refusal naming every file that cannot be deployed.
 */
export async function versionChanges(parts: readonly Part[], sight: Sight): Promise<Change[]> {
  const due: { readonly part: Part; readonly drifted: number }[] = [];
  for (const part of parts) {
    const drifted = isWhole(part, sight.deployed) ? await driftIn(part, sight) : 0;
    if (drifted > 0 || !isWhole(part, sight.deployed)) due.push({ part, drifted });
  }
  const trees = due.map(({ part }) => ({ root: part.folder, files: part.files }));
  await workspaceFiles(trees, { content: sight.content, known: () => undefined });
  return Promise.all(due.map(({ part, drifted }) => changeOf(part, drifted, sight)));
}

function knownVersion({ folder }: Part, { versions }: Deployed): Version | undefined {
  return versions.find((version) => version.folder === folder);
}

function isWhole(part: Part, deployed: Deployed): boolean {
  return knownVersion(part, deployed)?.whole === true;
}

async function driftIn(part: Part, { workspace, content }: Sight): Promise<number> {
  if (workspace === null) return 0;
  const files = await filesOfPart(part, content);
  return (await wrongIn({ folder: part.folder, files }, workspace)).length;
}

async function changeOf(part: Part, drifted: number, { content, deployed }: Sight): Promise<Change> {
  const known = knownVersion(part, deployed);
  const before = deployed.versions.find(({ folder, whole }) => whole && folder.startsWith(`${part.root}/`));
  const different = before === undefined ? null : await differenceTo(before, part, content);
  const data: VersionData = { upload: deployed.uploads + 1, files: part.files.length };
  const details = [
    `${part.files.length} notebooks and files`,
    ...(different === null ? [] : [`, ${different} of them new or changed`]),
    ...(known?.whole === false ? ['; completed, since an earlier deployment was interrupted'] : []),
    ...(drifted > 0 ? [`; ${drifted} of them were removed or replaced in the workspace`] : []),
  ];
  return {
    target: part.folder,
    action: known === undefined ? 'create' : 'update',
    before: null,
    after: sha256(treeText(part.files)),
    class: 'reversible',
    detail: details.join(''),
    data,
  };
}

const storedTree = z.object({ files: z.array(z.tuple([z.string(), z.string()])) });

/** How many files a version has that the one before does not have so; null when that one is not known any more. */
async function differenceTo(before: Version, { files }: Part, content: ContentStore): Promise<number | null> {
  if (!(await content.has(before.digest))) return null;
  const parsed = storedTree.safeParse(JSON.parse(new TextDecoder().decode(await content.get(before.digest))));
  if (!parsed.success) return null;
  const old = new Map(parsed.data.files);
  return files.filter((file) => old.get(file.path) !== file.sha256).length;
}
