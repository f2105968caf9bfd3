import type { Change } from '../../release/plan.ts';
import type { Deployed, DeployedFile, NotebooksInventory, Version } from './inventory.ts';
import { dataOf, versionIn } from './inventory.ts';

/** Where and by which run changes were made. */
export interface Made {
  readonly workspace: string;
  readonly root: string;
  readonly run: string;
}

/** The inventory after the changes were made. What stays uncertain is listed as such: the success clears it elsewhere. */
export function inventoryAfter(
  deployed: Deployed,
  changes: readonly Change[],
  { workspace, root, run }: Made,
): NotebooksInventory {
  const files = filesAfter(deployed, changes);
  const sent = changes.flatMap((change): Version[] => {
    const data = versionIn(change);
    const { target: folder, after } = change;
    return data === null ? [] : [{ folder, digest: after ?? '', ...data, run, whole: true }];
  });
  const isSent = new Set(sent.map(({ folder }) => folder));
  const uploads = changes.map((change) => (versionIn(change) ?? dataOf(change))?.upload ?? 0);
  const isInPlace = changes.some((change) => versionIn(change) === null);
  return {
    schema: 2,
    workspace,
    root: isInPlace || files.size === 0 ? root : deployed.root,
    uploads: Math.max(deployed.uploads, ...uploads),
    files: Object.fromEntries(files),
    versions: [...sent, ...deployed.versions.filter(({ folder }) => !isSent.has(folder))],
  };
}

function filesAfter(deployed: Deployed, changes: readonly Change[]): Map<string, DeployedFile> {
  const files = new Map(deployed.files);
  for (const [path, { form, from, upload }] of deployed.uncertain)
    files.set(path, { form, from, sha256: '', ...(upload === undefined ? {} : { upload }) });
  for (const change of changes) {
    const data = dataOf(change);
    if (data === null) continue;
    const { form, from, upload } = data;
    if (change.after === null) files.delete(change.target);
    else
      files.set(change.target, {
        form,
        from,
        sha256: change.after,
        ...(upload === undefined ? {} : { upload }),
      });
  }
  return files;
}

/** The inventory with the times at which the workspace says that its files were written. */
export function withTimes(
  inventory: NotebooksInventory,
  objects: ReadonlyMap<string, { readonly modifiedAt: number | null }>,
): NotebooksInventory {
  const files = Object.entries(inventory.files).map(([path, file]) => {
    const modifiedAt = objects.get(path)?.modifiedAt ?? null;
    return [path, modifiedAt === null ? file : { ...file, modifiedAt }] as const;
  });
  return { ...inventory, files: Object.fromEntries(files) };
}
