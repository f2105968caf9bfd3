import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import * as table from '../contract/git-table.ts';
import { list } from '../page.ts';
import { projectOf } from '../projects.ts';
import { missing } from '../refusals.ts';
import type { Repository } from '../state.ts';
import { zipOf } from '../zip.ts';
import { iterationOf, pullRequestInProject, pullRequestOf, repositoryOf } from './find-git.ts';
import { renderIteration, renderPullRequest, renderRepository } from './render-git.ts';
import type { Iteration, PullRequest } from './rows.ts';
import { statusRoutes } from './status-routes.ts';
import { threadRoutes } from './thread-routes.ts';

export function gitRoutes(context: Context): Route[] {
  return [
    ...repositoryRoutes(context),
    ...pullRequestRoutes(context),
    ...statusRoutes(context),
    ...threadRoutes(context),
  ];
}

function repositoryRoutes(context: Context): Route[] {
  return [
    route(table.listRepositories, (call) => {
      const { id } = projectOf(context, call);
      const own = [...context.state.repositories.values()].filter(({ projectId }) => projectId === id);
      return list(own.map((repository) => renderRepository(context, repository)));
    }),
    route(table.getRepository, (call) => json(renderRepository(context, repositoryOf(context, call)))),
    route(table.getItems, async (call) => {
      const repository = repositoryOf(context, call);
      const commit = commitOf(repository, call.query);
      const files = repository.commits.get(commit);
      if (!files)
        throw missing('GitUnresolvableToCommitException', `TF401175: ${commit} cannot be resolved.`);
      const content = await zipOf(below(files, call.query.scopePath ?? '/'));
      return { status: 200, headers: { 'content-type': 'application/zip' }, bytes: content };
    }),
  ];
}

function pullRequestRoutes(context: Context): Route[] {
  const render = ({ repository, pullRequest }: ReturnType<typeof pullRequestOf>) =>
    json(renderPullRequest(context, repository, pullRequest));
  return [
    route(table.listPullRequests, (call) => {
      const repository = repositoryOf(context, call);
      const { $skip = 0, $top = 100 } = call.query;
      const fitting = [...context.state.pullRequests.values()]
        .filter((its) => its.repositoryId === repository.id && fits(its, call.query))
        .reverse();
      return list(
        fitting
          .slice($skip, $skip + $top)
          .map((pullRequest) => renderPullRequest(context, repository, pullRequest)),
      );
    }),
    route(table.getPullRequest, (call) => render(pullRequestOf(context, call))),
    route(table.getPullRequestById, (call) => render(pullRequestInProject(context, call))),
    route(table.listIterations, (call) => {
      const { iterations } = pullRequestOf(context, call).pullRequest;
      return list(iterations.map((iteration) => renderIteration(context, iteration)));
    }),
    route(table.getChanges, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      const iteration = iterationOf(pullRequest, Number(call.param('iterationId')));
      return json(renderChanges(iteration, call.query.$skip, call.query.$top));
    }),
  ];
}

type Query = (typeof table.listPullRequests.query)['_zod']['output'];

/** Without a status, the active ones are meant. */
function fits(pullRequest: PullRequest, query: Query): boolean {
  const status = query['searchCriteria.status'] ?? 'active';
  const source = query['searchCriteria.sourceRefName'];
  const target = query['searchCriteria.targetRefName'];
  const creator = query['searchCriteria.creatorId'];
  return (
    (status === 'all' || pullRequest.status === status) &&
    (!source || pullRequest.sourceBranch === source) &&
    (!target || pullRequest.targetBranch === target) &&
    (!creator || pullRequest.createdById === creator)
  );
}

/** What all pushes up to the iteration changed; while more follows, it says where to go on. */
function renderChanges({ changes }: Iteration, skip = 0, top = 100) {
  const changeEntries = changes.slice(skip, skip + top).map(({ path, changeType }, index) => ({
    changeTrackingId: skip + index + 1,
    changeId: skip + index + 1,
    item: { objectId: Buffer.from(path).toString('hex').padEnd(40, '0').slice(0, 40), path },
    changeType,
  }));
  return skip + top < changes.length
    ? { changeEntries, nextSkip: skip + top, nextTop: top }
    : { changeEntries };
}

/** A branch may be given by its short name; without a version the default branch is meant. */
function commitOf(repository: Repository, query: (typeof table.getItems.query)['_zod']['output']): string {
  const version = query['versionDescriptor.version'] ?? repository.defaultBranch;
  if (query['versionDescriptor.versionType'] === 'commit') return version;
  const branch = version.startsWith('refs/heads/') ? version : `refs/heads/${version}`;
  return repository.branches.get(branch) ?? version;
}

function below(files: ReadonlyMap<string, Uint8Array>, scopePath: string): Map<string, Uint8Array> {
  const folder = scopePath.replace(/^\/|\/$/g, '');
  return new Map([...files].filter(([path]) => folder === '' || path.startsWith(`${folder}/`)));
}
