import type { DatabricksClient } from '../engine/databricks-client.ts';
import { Refusal } from '../errors.ts';
import { namesIn } from '../project/substitute.ts';
import type { Change } from '../release/plan.ts';
import { sortChanges } from '../release/plan.ts';
import { changesOfAccess } from './databricks-config/access.ts';
import type { ApplySite } from './databricks-config/apply.ts';
import { notedRuns, workWithStreams } from './databricks-config/continuous.ts';
import { differenceOf } from './databricks-config/difference.ts';
import { completed, createIds } from './databricks-config/ids.ts';
import { outputOf } from './databricks-config/inventory.ts';
import { look } from './databricks-config/look.ts';
import type { Memory } from './databricks-config/memory.ts';
import { recall } from './databricks-config/memory.ts';
import { changesOfThings } from './databricks-config/plan.ts';
import { missingRights } from './databricks-config/rights.ts';
import { tasksFor } from './databricks-config/tasks.ts';
import { thingsOf } from './databricks-config/things.ts';
import type { Wanted } from './databricks-config/wanted.ts';
import { isUnknown, readWanted } from './databricks-config/wanted.ts';
import type { StepContext, StepKind } from './step.ts';
import { reference } from './unity-catalog/wanted.ts';
import { workspaceOf } from './workspace.ts';

/** A running load or a running cluster has this long to end by itself. */
const PATIENCE = { pauseInMs: 60_000, longestInMs: 60 * 60_000 };

/**
 * Makes cluster policies, clusters and jobs, and gives access to them and to folders. Removes what left the files and
 * is ours. Never restarts or removes a cluster, nor removes a job, while a run needs it.
 */
export const databricksConfig: StepKind = {
  name: 'databricks-config',
  summary: 'cluster policies, clusters, jobs and access of the configuration files',
  async plan(context) {
    const { client, wanted, memory } = await siteOf(context);
    const sight = await look(wanted, memory, thingsOf(client));
    for (const note of sight.notes) context.log.warn(note, { project: context.project, run: context.run.id });
    if (sight.problems.length > 0) throw new Refusal(sight.problems.join(' '));
    const ownName = once(async () => (await client.me()).userName);
    const site = { client, clusters: client.clusters, content: context.content, ownName, memory, sight };
    const things = await changesOfThings(wanted, site);
    return sortChanges([...things, ...(await changesOfAccess(wanted, site))]);
  },
  async check(context, changes) {
    return missingRights(changes, (await workspaceOf(context)).client);
  },
  async apply(context, changes) {
    const { client, wanted, memory } = await siteOf(context);
    const things = thingsOf(client);
    const ids = createIds({ changes, memory, things });
    const ending = notedRuns(context.memo) ?? {};
    const site = { client, things, wanted, ids, content: context.content, ending };
    const work = { tasks: tasksFor(changes, site), changes, runs: client.runs };
    const unfinished = await workWithStreams(context, work, PATIENCE);
    if (unfinished !== null) return unfinished;
    const surprised = await surprises(changes, site);
    if (surprised.length > 0) {
      const next = 'Retry the stage: its new plan will have this change.';
      return { refused: [...surprised, next].join(' ') };
    }
    return { done: await outputOf(context, { site, memory, changes }) };
  },
};

/** Asks at most once. */
function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | null = null;
  return () => {
    asked ??= ask();
    return asked;
  };
}

interface Site {
  readonly client: DatabricksClient;
  readonly wanted: readonly Wanted[];
  readonly memory: Memory;
}

async function siteOf(context: StepContext): Promise<Site> {
  const wanted = await readWanted(context);
  const { client } = await workspaceOf(context);
  return { client, wanted, memory: await recall(context, client.workspaceUrl) };
}

/** Outputs of the infrastructure are known only now: what uses them may differ from what the plan could see. */
async function surprises(changes: readonly Change[], site: ApplySite): Promise<string[]> {
  const planned = new Set(changes.map(({ target }) => target));
  const found: string[] = [];
  for (const each of site.wanted) {
    const { kind, target, symbolic } = each;
    const usesOutputs = namesIn(symbolic.body).some((name) => isUnknown(reference(name)));
    if (kind === 'folder' || planned.has(target) || !usesOutputs) continue;
    const item = await completed(each, site.wanted, site.ids);
    if ('refused' in item) found.push(item.refused);
    else {
      const there = await site.things[kind].get((await site.ids.of(kind, symbolic.name)) ?? '');
      const fields = there === null ? [] : differenceOf(item.body, there.settings);
      if (fields.length > 0)
        found.push(
          `The infrastructure has given out new values, which change ${fields.join(', ')} of ${target}.`,
        );
    }
  }
  return found;
}
