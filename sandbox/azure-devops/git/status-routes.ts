import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import * as table from '../contract/git-table.ts';
import { list } from '../page.ts';
import { callerOf } from '../people.ts';
import { invalid } from '../refusals.ts';
import { iterationOf, pullRequestOf } from './find-git.ts';
import { renderStatus } from './render-git.ts';
import type { PullRequest, PullRequestStatus } from './rows.ts';

type Given = (typeof table.createStatus.body)['_zod']['output'];

/** A status adds to the history of its context; the newest one counts. One of an iteration is over with the next push. */
export function statusRoutes(context: Context): Route[] {
  const render = (pullRequest: PullRequest, status: PullRequestStatus) =>
    renderStatus(context, pullRequest, status);
  return [
    route(table.createStatus, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      return json(render(pullRequest, addStatus(context, pullRequest, { ...call, given: call.body })));
    }),
    route(table.createIterationStatus, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      const given = { ...call.body, iterationId: Number(call.param('iterationId')) };
      return json(render(pullRequest, addStatus(context, pullRequest, { ...call, given })));
    }),
    route(table.listStatuses, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      return list(pullRequest.statuses.map((status) => render(pullRequest, status)));
    }),
    route(table.listIterationStatuses, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      const { id } = iterationOf(pullRequest, Number(call.param('iterationId')));
      const own = pullRequest.statuses.filter(({ iterationId }) => iterationId === id);
      return list(own.map((status) => render(pullRequest, status)));
    }),
  ];
}

function addStatus(
  context: Context,
  pullRequest: PullRequest,
  { given, principal }: { given: Given; principal: string },
): PullRequestStatus {
  const { state, description = '', targetUrl, iterationId } = given;
  if (!state || !given.context?.name) throw invalid('a status needs a state and a context with a name');
  if (iterationId !== undefined) iterationOf(pullRequest, iterationId);
  const status: PullRequestStatus = {
    id: pullRequest.statuses.length + 1,
    ...(iterationId === undefined ? {} : { iterationId }),
    state,
    description,
    context: { genre: given.context.genre ?? '', name: given.context.name },
    ...(targetUrl === undefined ? {} : { targetUrl }),
    createdById: callerOf(context, principal).id,
    createdAt: context.clock.now(),
  };
  pullRequest.statuses.push(status);
  return status;
}
