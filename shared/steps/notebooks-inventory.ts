import * as z from 'zod';
import type { Change } from '../release/plan.ts';
import { readInventory, uncertainChanges } from './inventory.ts';
import type { Form } from './notebooks-files.ts';
import { FORMS } from './notebooks-files.ts';
import { foldersBetween } from './notebooks-paths.ts';
import { testRoot } from './release-layout.ts';
import type { StepContext } from './step.ts';

const deployedFile = z.strictObject({
  /** Path of the file in its artifact. */
  from: z.string(),
  sha256: z.string(),
  form: z.enum(FORMS),
  /** When the workspace says that it was written; kept only where drift is looked for. */
  modifiedAt: z.number().optional(),
});

const inventoryShape = z.strictObject({
  schema: z.literal(1),
  /** What is listed here is in this workspace and nowhere else. */
  workspace: z.string(),
  root: z.string(),
  /** By path in the workspace. */
  files: z.record(z.string(), deployedFile),
});

/** A file that we put into the workspace. */
export type DeployedFile = z.infer<typeof deployedFile>;

/** What we put into the workspace, in the form in which it is stored. */
export type NotebooksInventory = z.infer<typeof inventoryShape>;

/** What `apply` needs of a change besides its target and digests. */
const changeData = z.object({
  form: z.enum(FORMS),
  from: z.string(),
  /** Something else of ours is at the target and must go before. */
  replaces: z.boolean().optional(),
});

export type ChangeData = z.infer<typeof changeData>;

/** The data of a change of a file; null for a change of a folder. */
export function dataOf({ data }: Change): ChangeData | null {
  const parsed = changeData.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/** What is in the workspace by our doing, as far as we know. */
export interface Deployed {
  readonly root: string;
  readonly files: ReadonlyMap<string, DeployedFile>;
  /** Targets of interrupted applications: old content, new content, or nothing. */
  readonly uncertain: ReadonlyMap<string, ChangeData>;
  /** Folders that hold or held our files. */
  readonly folders: ReadonlySet<string>;
}

/** Reads what we put into this workspace; what we put into another one does not count here. */
export async function readDeployed(
  context: Pick<StepContext, 'content' | 'inventory'>,
  { workspace, root }: { readonly workspace: string; readonly root: string },
): Promise<Deployed> {
  const stored = await readInventory(context, inventoryShape);
  const here = stored?.workspace === workspace ? stored : { root, files: {} };
  const files = new Map(Object.entries(here.files));
  const uncertain = new Map<string, ChangeData>();
  for (const change of await uncertainChanges(context)) {
    const data = dataOf(change);
    if (data !== null) uncertain.set(change.target, data);
  }
  const paths = [...files.keys(), ...uncertain.keys()];
  const roots = [here.root, root].flatMap((each) => [each, testRoot(each)]);
  const folders = paths.flatMap((path) => {
    const own = roots.find((each) => path.startsWith(`${each}/`));
    return own === undefined ? [] : foldersBetween(own, path);
  });
  return { root: here.root, files, uncertain, folders: new Set(folders) };
}

/** The inventory after the changes were made. */
export function inventoryAfter(
  deployed: Deployed,
  changes: readonly Change[],
  { workspace, root }: { readonly workspace: string; readonly root: string },
): NotebooksInventory {
  const files = new Map(deployed.files);
  for (const change of changes) {
    const data = dataOf(change);
    if (data === null) continue;
    const { form, from } = data;
    if (change.after === null) files.delete(change.target);
    else files.set(change.target, { form, from, sha256: change.after });
  }
  return { schema: 1, workspace, root, files: Object.fromEntries(files) };
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

/** The form in which a file was deployed before, if its content is the same. */
export function knownForms(
  deployed: Deployed,
): (file: { readonly path: string; readonly sha256: string }) => Form | undefined {
  const forms = new Map(
    [...deployed.files.values()].map(({ from, sha256, form }) => [`${sha256} ${from}`, form]),
  );
  return ({ path, sha256 }) => forms.get(`${sha256} ${path}`);
}
