import type { UnityCatalog } from '../engine/databricks-client.ts';
import type { Change } from '../release/plan.ts';
import { sortChanges } from '../release/plan.ts';
import type { StepContext, StepKind } from './step.ts';
import type { Site as ApplySite } from './unity-catalog/apply.ts';
import { surprises, tasksFor } from './unity-catalog/apply.ts';
import type { Return } from './unity-catalog/back.ts';
import { isThere, returnTo } from './unity-catalog/back.ts';
import type { Memory } from './unity-catalog/memory.ts';
import { formerlyAt, recall, remember } from './unity-catalog/memory.ts';
import { changesFor } from './unity-catalog/plan.ts';
import { missingRights } from './unity-catalog/rights.ts';
import type { Wanted } from './unity-catalog/wanted.ts';
import { readWanted } from './unity-catalog/wanted.ts';
import { workThrough } from './work-through.ts';
import { workspaceOf } from './workspace.ts';

/**
 * Makes catalogs, schemas, volumes, and the credentials and locations that they need, and grants privileges on them.
 * It never drops anything, since there is data behind it.
 */
export const unityCatalog: StepKind = {
  name: 'unity-catalog',
  summary: 'catalogs, schemas, volumes, storage and grants of unity-catalog.json',
  async plan(context) {
    const site = await siteOf(context);
    const ordinary = await changesFor(site.wanted, site);
    const { changes, left } = await returnOf(context, site);
    return withLeftOvers(sortChanges([...ordinary, ...changes]), [...site.leftOver, ...left], context);
  },
  async check(context, changes) {
    return missingRights(changes, (await workspaceOf(context)).client);
  },
  async apply(context, changes) {
    const site = await siteOf(context);
    const { wanted } = site;
    const unfinished = await workThrough(context, tasksFor(changes, wanted, site));
    if (unfinished !== null) return unfinished;
    const surprised = await surprises(wanted, changes, site);
    if (surprised.length > 0) {
      const next = 'Retry the stage: its new plan will have this change.';
      return { refused: [...surprised, next].join(' ') };
    }
    return { done: await outputOf(context, site, changes) };
  },
};

interface Site extends ApplySite {
  readonly workspace: string;
  readonly wanted: readonly Wanted[];
  readonly memory: Memory;
  /** What earlier releases made, and the file does not have. */
  readonly leftOver: readonly string[];
}

async function siteOf(context: StepContext): Promise<Site> {
  const wanted = await readWanted(context);
  const { client } = await workspaceOf(context);
  const { clock, content, log } = context;
  const memory = await recall(context, client.workspaceUrl);
  const { workspaceUrl: workspace, unityCatalog: api } = client;
  const leftOver = await leftOverOf(memory, wanted, api);
  return { api, clock, content, log, workspace, wanted, memory, leftOver };
}

/** A rollback also takes back what newer releases did beyond the file of its own release. */
async function returnOf({ run }: StepContext, site: Site): Promise<Return> {
  if (run.kind !== 'rollback') return { changes: [], left: [] };
  return returnTo(formerlyAt(site.memory, run.release), site.wanted, site);
}

/** What an interrupted release may have made is looked for. */
async function leftOverOf({ securables, doubtful }: Memory, wanted: readonly Wanted[], api: UnityCatalog) {
  const targets = new Set(wanted.map(({ target }) => target));
  const doubts = doubtful.filter((target) => !targets.has(target) && !securables.includes(target));
  const made = await Promise.all(
    doubts.map(async (target) => ((await isThere(target, api)) ? [target] : [])),
  );
  return [...securables.filter((target) => !targets.has(target)), ...made.flat()].sort();
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

/** A rollback says what it could not take back: looking once more is the only way to know. */
async function outputOf(context: StepContext, site: Site, changes: readonly Change[]) {
  const { memory, workspace, wanted, leftOver } = site;
  const again = await returnOf(context, site);
  const left = [...leftOver, ...again.left, ...again.changes.map(({ target }) => target)];
  const securables = [...wanted.map(({ target }) => target), ...leftOver];
  const inventory = await remember(context, memory, { workspace, securables, changes });
  return { securables: wanted.length, ...(left.length === 0 ? {} : { left }), inventory };
}
