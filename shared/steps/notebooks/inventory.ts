import * as z from 'zod';
import type { ContentStore } from '../../engine/ports.ts';
import type { Change } from '../../release/plan.ts';
import type { Mark } from '../clean-up/memory.ts';
import { isGone, removedTargets } from '../clean-up/memory.ts';
import { readInventory, uncertainChanges } from '../inventory.ts';
import type { StepContext } from '../step.ts';
import type { Form } from './files.ts';
import { FORMS, rootOf } from './files.ts';
import { foldersBetween } from './paths.ts';

const deployedFile = z.strictObject({
  /** Path of the file in its artifact. */
  from: z.string(),
  /** Empty when it is not known what is there. */
  sha256: z.string(),
  form: z.enum(FORMS),
  /** When the workspace says that it was written; kept only where drift is looked for. */
  modifiedAt: z.number().optional(),
  upload: z.number().int().optional(),
});

const version = z.strictObject({
  folder: z.string(),
  /** Of paths and contents; the list of them is stored under it. */
  digest: z.string(),
  files: z.number().int(),
  upload: z.number().int(),
  /** The run that sent it. */
  run: z.string(),
  /** All of it is there; else it may be there in part. */
  whole: z.boolean(),
});

const place = {
  /** What is listed here is in this workspace and nowhere else. */
  workspace: z.string(),
  /** The folder of the files in place. */
  root: z.string(),
  /** Files in place, by path in the workspace. */
  files: z.record(z.string(), deployedFile),
};

const inventoryShape = z.discriminatedUnion('schema', [
  z.strictObject({ schema: z.literal(1), ...place }),
  z.strictObject({
    schema: z.literal(2),
    ...place,
    /** Counts deployments that sent something, so that a removal and a later upload can be told apart. */
    uploads: z.number().int(),
    /** Folders of one version each, newest first. */
    versions: z.array(version),
  }),
]);

/** A file that we put into the workspace. */
export type DeployedFile = z.infer<typeof deployedFile>;

/** A folder that holds one version of the notebooks or of the tests. */
export type Version = z.infer<typeof version>;

/** What we put into the workspace, in the form in which it is stored. */
export type NotebooksInventory = Extract<z.infer<typeof inventoryShape>, { schema: 2 }>;

/** What `apply` needs of a change besides its target and digests. */
const changeData = z.object({
  form: z.enum(FORMS),
  from: z.string(),
  /** Something else of ours is at the target and must go before. */
  replaces: z.boolean().optional(),
  upload: z.number().int().optional(),
});

const versionData = z.object({ upload: z.number().int(), files: z.number().int() });

export type ChangeData = z.infer<typeof changeData>;
export type VersionData = z.infer<typeof versionData>;

/** The data of a change of a file; null for a change of a folder. */
export function dataOf({ data }: Change): ChangeData | null {
  const parsed = changeData.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/** The data of a change that puts a version there; null for any other. */
export function versionIn({ data }: Change): VersionData | null {
  const parsed = versionData.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/** What is in the workspace by our doing, as far as we know. */
export interface Deployed {
  readonly root: string;
  readonly files: ReadonlyMap<string, DeployedFile>;
  /** Targets of interrupted applications and removals: old content, new content, or nothing. */
  readonly uncertain: ReadonlyMap<string, ChangeData>;
  /** Folders that hold or held our files. */
  readonly folders: ReadonlySet<string>;
  /** Newest first; what clean-up has removed is not among them. */
  readonly versions: readonly Version[];
  readonly uploads: number;
  /** Every target that the inventory and interrupted plans name, removed or not. */
  readonly listed: ReadonlySet<string>;
}

/** What tells what the step `notebooks` has put there. */
export type DeployedContext = Pick<StepContext, 'content' | 'inventory' | 'inventories'>;

/** Reads what we put into this workspace; what we put into another one does not count here. */
export async function readDeployed(
  context: DeployedContext,
  { workspace, root }: { readonly workspace: string; readonly root: string },
): Promise<Deployed> {
  const stored = await readInventory(context, inventoryShape);
  const here = stored?.workspace === workspace ? stored : { schema: 1 as const, root, files: {} };
  const known = here.schema === 2 ? here : { ...here, uploads: 0, versions: [] };
  const marks = await removedTargets(context, workspace);
  const changes = await uncertainChanges(context);
  const begun = changes.map((change) => versionIn(change) ?? dataOf(change));
  const files = filesIn(known.files, changes, marks);
  const folders = [...files.files, ...files.uncertain].flatMap(([path, file]) =>
    foldersBetween(rootOf(path, file), path),
  );
  return {
    root: here.root,
    ...files,
    folders: new Set(folders),
    versions: versionsIn(known.versions, changes, marks),
    uploads: Math.max(known.uploads, ...begun.map((data) => data?.upload ?? 0)),
    listed: new Set([
      ...Object.keys(known.files),
      ...known.versions.map(({ folder }) => folder),
      ...changes.map(({ target }) => target),
    ]),
  };
}

type Marks = ReadonlyMap<string, Mark>;

/** A file that clean-up began to remove is as uncertain as one that a deployment began to write. */
function filesIn(
  listed: NotebooksInventory['files'],
  changes: readonly Change[],
  marks: Marks,
): Pick<Deployed, 'files' | 'uncertain'> {
  const files = new Map<string, DeployedFile>();
  const uncertain = new Map<string, ChangeData>();
  for (const [path, file] of Object.entries(listed)) {
    const { form, from, upload = 0 } = file;
    const gone = isGone(marks, path, upload);
    if (gone === 'wholly') continue;
    files.set(path, file);
    if (gone === 'partly' || file.sha256 === '') uncertain.set(path, { form, from, upload });
  }
  for (const change of changes) {
    const data = dataOf(change);
    if (data !== null && isGone(marks, change.target, data.upload ?? 0) !== 'wholly')
      uncertain.set(change.target, data);
  }
  return { files, uncertain };
}

function versionsIn(listed: readonly Version[], changes: readonly Change[], marks: Marks): Version[] {
  const begun = changes.flatMap((change): Version[] => {
    const data = versionIn(change);
    const { target: folder, after } = change;
    return data === null ? [] : [{ folder, digest: after ?? '', ...data, run: '', whole: false }];
  });
  const isBegun = new Set(begun.map(({ folder }) => folder));
  const newest = new Map(begun.map((each) => [each.folder, each]));
  const all = [...newest.values(), ...listed.filter(({ folder }) => !isBegun.has(folder))];
  return all
    .map((each) => ({ each, gone: isGone(marks, each.folder, each.upload) }))
    .filter(({ gone }) => gone !== 'wholly')
    .map(({ each, gone }) => (gone === 'partly' ? { ...each, whole: false } : each));
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

/** The context of the step `notebooks`, for another step that wants to know what that one has put there. */
export function notebooksContext(
  content: ContentStore,
  inventories: StepContext['inventories'],
): DeployedContext {
  return { content, inventories, inventory: inventories.notebooks ?? null };
}
