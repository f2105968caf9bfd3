import { definitionOf, projectUrl } from '../builds/render-build.ts';
import type { Build } from '../builds/rows.ts';
import { type Context, dateOf, organizationUrl } from '../context.ts';
import { shortIdentity } from '../people.ts';

/** The resource of `build.complete` 1.0, in the shape of the XAML builds of old: `status` carries the result. */
export function renderFirstBuildVersion(context: Context, build: Build) {
  const { id, buildNumber, reason } = build;
  const base = projectUrl(context, build.projectId);
  return {
    uri: `vstfs:///Build/Build/${id}`,
    id,
    buildNumber,
    url: `${base}/_apis/build/Builds/${id}`,
    startTime: dateOf(build.startedAt),
    finishTime: dateOf(build.finishedAt ?? build.changedAt),
    reason,
    status: build.result === 'canceled' ? 'stopped' : build.result,
    dropLocation: `#/${id}/drop`,
    drop: { location: `#/${id}/drop`, ...containerOf(context, id, 'drop') },
    log: containerOf(context, id, 'logs'),
    sourceGetVersion: `LG:${build.branch}:${build.commit}`,
    lastChangedBy: shortIdentity(context, build.changedById),
    retainIndefinitely: false,
    hasDiagnostics: true,
    definition: shortDefinition(context, build),
    queue: {
      queueType: 'buildController',
      id: 18,
      name: 'Azure Pipelines',
      url: `${organizationUrl(context)}/_apis/build/Queues/18`,
    },
    requests: [
      {
        id: 1,
        url: `${base}/_apis/build/Requests/1`,
        requestedFor: shortIdentity(context, build.requestedForId),
      },
    ],
  };
}

function shortDefinition(context: Context, { definitionId, projectId }: Build) {
  const { id, name } = definitionOf(context, definitionId);
  const url = `${projectUrl(context, projectId)}/_apis/build/Definitions/${id}`;
  return { batchSize: 1, triggerType: 'none', definitionType: 'xaml', id, name, url };
}

function containerOf(context: Context, id: number, name: string) {
  const url = `${organizationUrl(context)}/_apis/resources/Containers/${id}/${name}`;
  const downloadUrl = `${url}?api-version=1.0&$format=zip&downloadFileName=${name}`;
  return { type: 'container', url, downloadUrl };
}
