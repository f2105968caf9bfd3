import type { Change } from '../../release/plan.ts';
import type { TaskEnd } from '../work-through.ts';
import type { ApplySite } from './apply.ts';
import { makeChange } from './apply.ts';
import { areFree, haveCome } from './cluster.ts';
import type { ConfigTask } from './continuous.ts';
import { completed } from './ids.ts';
import { accessData, thingData } from './memory.ts';
import type { ThingKind } from './things.ts';
import { targetOf } from './wanted.ts';

/** A library is installed in well under a minute, most of the time. */
const INSTALL_PAUSE_IN_MS = 10_000;

/**
 * The tasks that make exactly these changes: a look at the clusters, policies, clusters one by one, their libraries,
 * access to what jobs use, then all jobs at once, access to jobs, and at last what goes, in the other direction. So
 * nothing refers to what is not there, and jobs change over together when all else has.
 */
export function tasksFor(changes: readonly Change[], site: ApplySite): ConfigTask[] {
  const isOf = (kind: ThingKind, isRemoval: boolean) => (change: Change) =>
    thingData(change)?.kind === kind && (change.action === 'delete') === isRemoval;
  const isAccess = (ofJobs: boolean) => (change: Change) => accessData(change)?.of.startsWith(JOB) === ofJobs;
  const making = (change: Change): ConfigTask => ({
    phase: 0,
    switches: isOf('job', false)(change),
    run: () => makeChange(change, site),
  });
  const all = (isMeant: (change: Change) => boolean) => changes.filter(isMeant).map(making);
  const phases: (readonly ConfigTask[])[] = [
    lookAhead(changes, site),
    all(isOf('policy', false)),
    // One that waits must not make another one restart once more.
    ...all(isOf('cluster', false)).map((task) => [task]),
    installations(changes, site),
    all(isAccess(false)),
    all(isOf('job', false)),
    all(isAccess(true)),
    all(isOf('job', true)),
    all(isOf('cluster', true)),
    all(isOf('policy', true)),
  ];
  return phases.flatMap((tasks, phase) => tasks.map((task) => ({ ...task, phase })));
}

const JOB = targetOf('job', '');

/** One cluster alone is looked at when it changes. */
function lookAhead(changes: readonly Change[], { client }: ApplySite): ConfigTask[] {
  const all = changes.flatMap((change) => {
    const data = thingData(change);
    if (data?.kind !== 'cluster' || change.action !== 'update') return [];
    const { id = '', name, settings = false, back, install = [], uninstall = [] } = data;
    return [{ id, name, settings: settings || back !== undefined ? {} : null, install, uninstall }];
  });
  return all.length < 2 ? [] : [{ phase: 0, switches: false, run: () => areFree(all, client) }];
}

/** What a cluster that was there already gets, it must have before jobs are given it. */
function installations(changes: readonly Change[], site: ApplySite): ConfigTask[] {
  return changes.flatMap((change) => {
    const data = thingData(change);
    const isMeant = data?.kind === 'cluster' && change.action === 'update' && (data.install ?? []).length > 0;
    if (!isMeant || data.id === undefined) return [];
    const { id } = data;
    const run = () => installed(id, change.target, site);
    return [{ phase: 0, switches: false, pauseInMs: INSTALL_PAUSE_IN_MS, run }];
  });
}

async function installed(id: string, target: string, { client, wanted, ids }: ApplySite): Promise<TaskEnd> {
  const found = wanted.find((each) => each.target === target);
  if (found === undefined) return null;
  const item = await completed(found, wanted, ids);
  return 'refused' in item ? item : haveCome(id, item.libraries, client);
}
