import type { Context } from '../context.ts';
import { projectOf } from '../projects.ts';
import { missing } from '../refusals.ts';
import type { Repository } from '../state.ts';
import type { Iteration, PullRequest, Thread } from './rows.ts';

interface Named {
  param(name: string): string;
}

/** The repository that a path names, by id or by name; refuses an unknown one. */
export function repositoryOf(context: Context, call: Named): Repository {
  const project = projectOf(context, call);
  const wanted = call.param('repositoryId').toLowerCase();
  const found = [...context.state.repositories.values()].find(
    ({ id, name, projectId }) => projectId === project.id && (id === wanted || name.toLowerCase() === wanted),
  );
  if (found) return found;
  throw missing(
    'GitRepositoryNotFoundException',
    `TF401019: The Git repository with name or identifier ${call.param('repositoryId')} does not exist.`,
  );
}

/** The pull request that a path names, with its repository; refuses one of another repository. */
export function pullRequestOf(context: Context, call: Named) {
  const repository = repositoryOf(context, call);
  const pullRequest = context.state.pullRequests.get(Number(call.param('pullRequestId')));
  if (pullRequest?.repositoryId === repository.id) return { repository, pullRequest };
  throw noPullRequest();
}

/** The pull request of a project by its id alone. */
export function pullRequestInProject(context: Context, call: Named) {
  const project = projectOf(context, call);
  const pullRequest = context.state.pullRequests.get(Number(call.param('pullRequestId')));
  const repository = context.state.repositories.get(pullRequest?.repositoryId ?? '');
  if (pullRequest && repository?.projectId === project.id) return { repository, pullRequest };
  throw noPullRequest();
}

export function iterationOf({ iterations }: PullRequest, id: number): Iteration {
  const iteration = iterations.find((its) => its.id === id);
  if (iteration) return iteration;
  throw missing('GitPullRequestIterationNotFoundException', `there is no iteration ${id}`);
}

export function threadOf({ threads }: PullRequest, id: number): Thread {
  const thread = threads.find((its) => its.id === id);
  if (thread) return thread;
  throw missing('CommentThreadNotFoundException', `there is no thread ${id}`);
}

function noPullRequest() {
  const message = 'TF401180: The requested pull request was not found.';
  return missing('GitPullRequestNotFoundException', message);
}
