import * as z from 'zod';
import type { ContentStore } from '../../engine/ports.ts';
import type { Change } from '../../release/plan.ts';
import { isGone, removedTargets } from '../clean-up/memory.ts';
import { readInventory, uncertainChanges } from '../inventory.ts';
import type { StepContext } from '../step.ts';

const sentWheel = z.strictObject({
  /** As libraries name it. */
  path: z.string(),
  sha256: z.string(),
  upload: z.number().int(),
  /** The run that sent it. */
  run: z.string(),
  /** It is there for sure; else it may be. */
  whole: z.boolean(),
});

const inventoryShape = z.discriminatedUnion('schema', [
  z.strictObject({
    schema: z.literal(1),
    workspace: z.string(),
    /** SHA-256 by full path. */
    wheels: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    schema: z.literal(2),
    workspace: z.string(),
    /** Counts deployments that sent something, so that a removal and a later upload can be told apart. */
    uploads: z.number().int(),
    /** Newest first. */
    wheels: z.array(sentWheel),
    /** SHA-256 by file name, of all wheels that were ever there: a name stands for one content for ever. */
    names: z.record(z.string(), z.string()),
  }),
]);

/** A wheel that we put into the workspace. */
export type SentWheel = z.infer<typeof sentWheel>;

/** What we put into the workspace, in the form in which it is stored. */
export type WheelInventory = Extract<z.infer<typeof inventoryShape>, { schema: 2 }>;

const changeData = z.object({
  upload: z.number().int(),
  /** Something may be there already: then it is not written again. */
  looksFirst: z.boolean().optional(),
});

/** What `apply` needs of a change besides its target and digests. */
export type WheelData = z.infer<typeof changeData>;

/** Null for a change that another version of Slipway planned. */
export function wheelIn({ data }: Change): WheelData | null {
  const parsed = changeData.safeParse(data);
  return parsed.success ? parsed.data : null;
}

/** What is there by our doing, as far as we know. */
export interface SentWheels {
  /** Newest first; what clean-up has removed is not among them. */
  readonly wheels: readonly SentWheel[];
  readonly names: Readonly<Record<string, string>>;
  readonly uploads: number;
  /** Every path that the inventory and interrupted plans name, removed or not. */
  readonly listed: ReadonlySet<string>;
}

type Context = Pick<StepContext, 'content' | 'inventory' | 'inventories'>;

/** Reads which wheels we put into this workspace; what was put into another one does not count. */
export async function readWheels(context: Context, workspace: string): Promise<SentWheels> {
  const stored = await readInventory(context, inventoryShape);
  const known = stored?.workspace === workspace ? upToDate(stored) : { wheels: [], names: {}, uploads: 0 };
  const begun = (await uncertainChanges(context)).map(toWheel);
  const newest = new Map(begun.map((each) => [each.path, each]));
  const isBegun = ({ path }: SentWheel) => newest.has(path);
  const marks = await removedTargets(context, workspace);
  const all = [...newest.values(), ...known.wheels.filter((each) => !isBegun(each))];
  const wheels = all.flatMap((each) => {
    const gone = isGone(marks, each.path, each.upload);
    if (gone === 'wholly') return [];
    return [gone === 'partly' ? { ...each, whole: false } : each];
  });
  const uploads = Math.max(known.uploads, ...begun.map(({ upload }) => upload));
  const names = { ...namesBegun(begun), ...known.names };
  return { wheels, names, uploads, listed: new Set(all.map(({ path }) => path)) };
}

/** The first form did not tell in which order its wheels came: they are all older than what came since. */
function upToDate(stored: z.infer<typeof inventoryShape>): Omit<SentWheels, 'listed'> {
  if (stored.schema === 2) return stored;
  const entries = Object.entries(stored.wheels);
  const names = entries.map(([path, sha256]) => [fileNameOf(path), sha256] as const);
  const wheels = entries.map(([path, sha256]) => ({ path, sha256, upload: 0, run: '', whole: true }));
  return { wheels, names: Object.fromEntries(names), uploads: 0 };
}

/**
 * In a folder of its own an interrupted upload may stay beside one with the same name, so the name is taken from the
 * first try on. In place it is overwritten.
 */
function namesBegun(begun: readonly SentWheel[]): Readonly<Record<string, string>> {
  const versioned = begun.filter(({ path }) => IN_OWN_FOLDER.test(path));
  return Object.fromEntries(versioned.map(({ path, sha256 }) => [fileNameOf(path), sha256]));
}

const IN_OWN_FOLDER = /\/releases\/[0-9a-f]{16}\/[^/]+$/;

function toWheel(change: Change): SentWheel {
  const upload = wheelIn(change)?.upload ?? 0;
  return { path: change.target, sha256: change.after ?? '', upload, run: '', whole: false };
}

/** The last part of a path. */
export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The inventory after the wheels of the changes were sent. */
export function wheelsAfter(
  { wheels, names, uploads }: SentWheels,
  changes: readonly Change[],
  { workspace, run }: { readonly workspace: string; readonly run: string },
): WheelInventory {
  const sent = changes.map((change) => ({ ...toWheel(change), run, whole: true }));
  const isSent = new Set(sent.map(({ path }) => path));
  const sentNames = sent.map(({ path, sha256 }) => [fileNameOf(path), sha256] as const);
  return {
    schema: 2,
    workspace,
    uploads: Math.max(uploads, ...sent.map(({ upload }) => upload)),
    wheels: [...sent, ...wheels.filter(({ path }) => !isSent.has(path))],
    names: { ...names, ...Object.fromEntries(sentNames) },
  };
}

/** The context of the step `wheel`, for another step that wants to know what that one has put there. */
export function wheelContext(content: ContentStore, inventories: StepContext['inventories']): Context {
  return { content, inventories, inventory: inventories.wheel ?? null };
}
