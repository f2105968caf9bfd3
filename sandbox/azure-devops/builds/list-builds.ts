import type { z } from 'zod';
import type { Context } from '../context.ts';
import type { listBuilds } from '../contract/build-table.ts';
import { invalid } from '../refusals.ts';
import type { Build } from './rows.ts';

type Query = z.infer<typeof listBuilds.query>;

/** The builds of a project that a query asks for, in its order (newest queued first when it does not say). */
export function selectBuilds({ state }: Context, projectId: string, query: Query): Build[] {
  const { timeOf, direction } = orderOf(query.queryOrder);
  return [...state.builds.values()]
    .filter((build) => build.projectId === projectId && fits(build, query) && isInTime(timeOf(build), query))
    .sort((a, b) => direction * ((timeOf(a) ?? 0) - (timeOf(b) ?? 0) || a.id - b.id));
}

function fits(build: Build, query: Query): boolean {
  const { definitions, buildIds, branchName, buildNumber, tagFilters } = query;
  return (
    (!definitions || definitions.includes(String(build.definitionId))) &&
    (!buildIds || buildIds.includes(String(build.id))) &&
    (!branchName || build.branch === branchName) &&
    (!buildNumber || matchesNumber(build.buildNumber, buildNumber)) &&
    (!tagFilters || tagFilters.every((tag) => build.tags.includes(tag))) &&
    isAmong(build.result, query.resultFilter) &&
    isAmong(build.status, query.statusFilter) &&
    isAmong(build.reason, query.reasonFilter)
  );
}

/** A number may end in `*`. */
function matchesNumber(buildNumber: string, wanted: string): boolean {
  return wanted.endsWith('*') ? buildNumber.startsWith(wanted.slice(0, -1)) : buildNumber === wanted;
}

/** Filters take one word, several parted by commas, or `all`. */
function isAmong(value: string | undefined, filter: string | undefined): boolean {
  return !filter || filter === 'all' || (value !== undefined && filter.split(',').includes(value));
}

/** `minTime` and `maxTime` are about the time that the order is about; a build without it does not fit. */
function isInTime(time: number | undefined, { minTime, maxTime }: Query): boolean {
  if (minTime === undefined && maxTime === undefined) return true;
  if (time === undefined) return false;
  return time >= timeIn(minTime ?? '1970-01-01') && time <= timeIn(maxTime ?? '9999-01-01');
}

function timeIn(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalid(`"${text}" is no time`);
  return time;
}

function orderOf(queryOrder = 'queueTimeDescending') {
  const direction = queryOrder.endsWith('Ascending') ? 1 : -1;
  const word = queryOrder.replace(/(Time)?(A|De)scending$/, '');
  const times = new Map<string, (build: Build) => number | undefined>([
    ['finish', (build) => build.finishedAt],
    ['queue', (build) => build.queuedAt],
    ['start', (build) => build.startedAt],
  ]);
  const timeOf = times.get(word);
  if (!timeOf) throw invalid(`"${queryOrder}" is no order of builds`);
  return { timeOf, direction };
}
