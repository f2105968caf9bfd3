import * as z from 'zod';
import type { Change } from '../release/plan.ts';
import { sortChanges } from '../release/plan.ts';
import { readInventory, storeInventory } from './inventory.ts';
import type { StepContext, StepKind } from './step.ts';
import { surprises, tasksFor } from './unity-catalog-apply.ts';
import { changesFor } from './unity-catalog-plan.ts';
import type { Wanted } from './unity-catalog-wanted.ts';
import { readWanted } from './unity-catalog-wanted.ts';
import { workThrough } from './work-through.ts';
import { workspaceOf } from './workspace.ts';

const inventoryShape = z.strictObject({
  schema: z.literal(1),
  workspace: z.string(),
  /** Every securable that a release ever had in its file, as `catalog NAME`. Nothing is dropped, so none leaves. */
  securables: z.array(z.string()),
});

/**
 * Makes catalogs, schemas, volumes, and the credentials and locations that they need, and grants privileges on them.
 * It never drops anything, since there is data behind it.
 */
export const unityCatalog: StepKind = {
  name: 'unity-catalog',
  summary: 'catalogs, schemas, volumes, storage and grants of unity-catalog.json',
  async plan(context) {
    const wanted = await readWanted(context);
    const { client } = await workspaceOf(context);
    const changes = sortChanges(await changesFor(wanted, client.unityCatalog));
    return withLeftOvers(changes, await leftOver(context, wanted), context);
  },
  async apply(context, changes) {
    const wanted = await readWanted(context);
    const { client } = await workspaceOf(context);
    const site = { api: client.unityCatalog, clock: context.clock };
    const unfinished = await workThrough(context, tasksFor(changes, wanted, site));
    if (unfinished !== null) return unfinished;
    const surprised = await surprises(wanted, changes, site);
    if (surprised.length > 0) {
      const next = 'Retry the stage: its new plan will have this change.';
      return { refused: [...surprised, next].join(' ') };
    }
    return { done: await outputOf(context, client.workspaceUrl, wanted) };
  },
};

async function knownSecurables(context: StepContext): Promise<readonly string[]> {
  const { client } = await workspaceOf(context);
  const stored = await readInventory(context, inventoryShape);
  return stored?.workspace === client.workspaceUrl ? stored.securables : [];
}

async function leftOver(context: StepContext, wanted: readonly Wanted[]): Promise<readonly string[]> {
  const targets = new Set(wanted.map(({ target }) => target));
  return (await knownSecurables(context)).filter((target) => !targets.has(target));
}

/** What left the file is no change, so it is noted beside the first one, and in the log. */
function withLeftOvers(
  [first, ...rest]: readonly Change[],
  left: readonly string[],
  { log, project, run }: StepContext,
): Change[] {
  if (left.length === 0) return first === undefined ? [] : [first, ...rest];
  const note = `no longer in unity-catalog.json, and kept: ${left.join(', ')}`;
  log.info(note, { project, run: run.id });
  return first === undefined ? [] : [{ ...first, detail: `${first.detail ?? ''} (${note})` }, ...rest];
}

async function outputOf(context: StepContext, workspace: string, wanted: readonly Wanted[]) {
  const targets = wanted.map(({ target }) => target);
  const securables = [...new Set([...(await knownSecurables(context)), ...targets])].sort();
  const inventory = await storeInventory<z.infer<typeof inventoryShape>>(context, {
    schema: 1,
    workspace,
    securables,
  });
  return { securables: wanted.length, inventory };
}
