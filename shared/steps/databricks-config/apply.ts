import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import { Refusal } from '../../errors.ts';
import type { Change } from '../../release/plan.ts';
import type { StepContext } from '../step.ts';
import type { TaskEnd } from '../work-through.ts';
import { changeAccess, folderId } from './access.ts';
import { runsOfJob } from './busy.ts';
import { changeCluster, goneSince, listOf, removeCluster } from './cluster.ts';
import type { EndingRuns } from './continuous.ts';
import { activeOf, isLive, paused } from './continuous.ts';
import { differenceOf } from './difference.ts';
import type { Item, Kind } from './file.ts';
import { FILES } from './file.ts';
import type { Ids } from './ids.ts';
import { completed, makeOnce } from './ids.ts';
import type { AccessData, ThingData } from './memory.ts';
import { accessData, thingData } from './memory.ts';
import type { ThingKind, Things } from './things.ts';
import type { Wanted } from './wanted.ts';
import { targetOf } from './wanted.ts';

/** What the tasks work with. */
export interface ApplySite extends Pick<StepContext, 'content'> {
  readonly client: DatabricksClient;
  readonly things: Record<ThingKind, Things>;
  readonly wanted: readonly Wanted[];
  readonly ids: Ids;
  /** Runs of continuous jobs that end when their job has its new settings. */
  readonly ending: EndingRuns;
}

/** Makes one change. What Databricks refuses is said of the thing that it is about. */
export async function makeChange(change: Change, site: ApplySite): Promise<TaskEnd> {
  try {
    return await make(change, site);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { refused: `${change.target}: ${endedBy(error.message)}` };
  }
}

/** A sentence with its full stop. */
function endedBy(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}

async function make(change: Change, site: ApplySite): Promise<TaskEnd> {
  const ofAccess = accessData(change);
  if (ofAccess !== null) return makeAccess(ofAccess, site);
  const data = thingData(change);
  if (data === null) return { refused: `The plan of ${change.target} cannot be read.` };
  if (change.action === 'delete') return remove(data, site);
  if (data.back !== undefined) return giveBack(data, data.back, site);
  const wanted = site.wanted.find(({ target }) => target === change.target);
  if (wanted === undefined) return { refused: `${change.target} is planned, but not in the files.` };
  const item = await completed(wanted, site.wanted, site.ids);
  if ('refused' in item) return item;
  return change.action === 'create' ? create(data, item, site) : update(data, item, site);
}

async function create({ kind }: ThingData, item: Item, site: ApplySite): Promise<TaskEnd> {
  const made = await makeOnce({ kind, item }, site.things[kind]);
  if ('refused' in made) return made;
  const { id, isNew } = made;
  site.ids.note(kind, item.name, id);
  if (isNew && item.libraries.length > 0) await site.client.clusters.install(id, item.libraries);
  if (isNew) return null;
  // Perhaps our own, whose answer was lost; perhaps somebody made it a moment ago.
  const data = { kind, name: item.name, id, install: [...item.libraries] };
  return update({ ...data, settings: await differs(data, item.body, site) }, item, site);
}

async function differs(
  { kind, id }: { readonly kind: ThingKind; readonly id: string },
  body: ApiObject,
  { things }: ApplySite,
): Promise<boolean> {
  const there = await things[kind].get(id);
  return there !== null && differenceOf(body, there.settings).length > 0;
}

async function update(data: ThingData, { body, libraries }: Item, site: ApplySite): Promise<TaskEnd> {
  const { kind, name, id = '', settings = false, runAs } = data;
  if (kind === 'cluster') {
    const { install = [], uninstall = [] } = data;
    // A plan may not know the whole name of a library yet.
    const work = { install: install.length === 0 ? [] : libraries, uninstall };
    return changeCluster({ id, name, settings: settings ? body : null, ...work }, site.client);
  }
  if (!settings) return null;
  return switchOver({ kind, name, id }, { ...body, ...(runAs === undefined ? {} : { run_as: runAs }) }, site);
}

/** Active runs keep their settings. Those of a continuous job would keep them for ever. */
async function switchOver(
  { kind, name, id }: { readonly kind: ThingKind; readonly name: string; readonly id: string },
  body: ApiObject,
  site: ApplySite,
): Promise<TaskEnd> {
  const noted = site.ending[id];
  // Another one may have begun since; as long as the job has its old settings, it has them, too.
  const isOld = noted !== undefined && (await differs({ kind, id }, body, site));
  const since = isOld ? await activeOf(id, site.client.runs) : [];
  if ((await site.things[kind].change(id, body)) !== 'done') return goneSince(kind, name);
  for (const run of new Set([...(noted ?? []), ...since])) await site.client.runs.cancel(run);
  return null;
}

async function giveBack(data: ThingData, digest: string, site: ApplySite): Promise<TaskEnd> {
  const { kind, name, id = '', uninstall = [] } = data;
  const text = new TextDecoder().decode(await site.content.get(digest));
  const body: ApiObject = JSON.parse(text);
  try {
    if (kind === 'cluster')
      return await changeCluster({ id, name, settings: body, install: [], uninstall }, site.client);
    return await switchOver({ kind, name, id }, body, site);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      refused:
        `${targetOf(kind, name)} cannot get back the settings that it had before Slipway took it over. ` +
        `${endedBy(error.message)} Put it into ${FILES[kind].file} again, or remove it in the workspace, then retry the stage.`,
    };
  }
}

async function remove(
  { kind, name, id = '', continuous = false }: ThingData,
  { client, things }: ApplySite,
): Promise<TaskEnd> {
  if (kind === 'cluster') return removeCluster(id, client);
  if (continuous) await stop(id, client);
  const users = kind === 'job' ? await runsOfJob(client.runs, id) : [];
  if (users.length > 0)
    return {
      later:
        `${targetOf(kind, name)} (${id}) is not in jobs.json any more, and ${listOf(users)} still runs. Cancel it, ` +
        'or wait for its end, then retry the stage.',
    };
  await things[kind].remove(id);
  return null;
}

/** Ends a continuous job: paused, it begins no new run in place of the one that is cancelled. */
async function stop(id: string, { jobs, runs }: DatabricksClient): Promise<void> {
  const job = await jobs.get(id);
  if (job === null) return;
  if (isLive(job.settings)) await jobs.reset(id, paused(job.settings));
  for (const run of await activeOf(id, runs)) await runs.cancel(run);
}

async function makeAccess(data: AccessData, { client, ids, wanted }: ApplySite): Promise<TaskEnd> {
  const { kind, name } = partsOf(data.of, wanted);
  const id = kind === 'folder' ? await folderId(client, data.of) : await ids.of(kind, name);
  return changeAccess(data, kind, { client, id });
}

/** Kind and name of what a target is called. */
function partsOf(target: string, wanted: readonly Wanted[]): { readonly kind: Kind; readonly name: string } {
  const found = wanted.find((each) => each.target === target);
  if (found !== undefined) return { kind: found.kind, name: found.symbolic.name };
  const kinds = ['policy', 'cluster', 'job', 'folder'] as const;
  // A cluster policy is no cluster called "policy …", so the longer beginning comes first.
  const kind = kinds.find((each) => target.startsWith(targetOf(each, ''))) ?? 'folder';
  return { kind, name: target.slice(targetOf(kind, '').length) };
}
