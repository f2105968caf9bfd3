import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import type { Context } from '../context.ts';
import * as table from '../contract/git-table.ts';
import { list } from '../page.ts';
import { callerOf } from '../people.ts';
import { invalid, missing } from '../refusals.ts';
import { pullRequestOf, threadOf } from './find-git.ts';
import { renderComment, renderThread } from './render-git.ts';
import type { Comment, PullRequest, Thread } from './rows.ts';

type CommentGiven = (typeof table.addComment.body)['_zod']['output'];

/** Threads are not idempotent: two equal requests make two. Their properties can carry a marker to look for. */
export function threadRoutes(context: Context): Route[] {
  return [...ownRoutes(context), ...commentRoutes(context)];
}

function ownRoutes(context: Context): Route[] {
  const render = (pullRequest: PullRequest, thread: Thread) =>
    json(renderThread(context, pullRequest, thread));
  return [
    route(table.createThread, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      const { comments = [], status = 'unknown', properties = {} } = call.body;
      const now = context.clock.now();
      const id = pullRequest.threads.length + 1;
      const thread: Thread = { id, status, properties, createdAt: now, changedAt: now, comments: [] };
      for (const comment of comments) addComment(context, thread, { ...call, given: comment });
      pullRequest.threads.push(thread);
      return render(pullRequest, thread);
    }),
    route(table.updateThread, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      const thread = threadOf(pullRequest, Number(call.param('threadId')));
      thread.status = call.body.status ?? thread.status;
      thread.properties = { ...thread.properties, ...call.body.properties };
      thread.changedAt = context.clock.now();
      return render(pullRequest, thread);
    }),
    route(table.getThread, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      return render(pullRequest, threadOf(pullRequest, Number(call.param('threadId'))));
    }),
    route(table.listThreads, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      return list(pullRequest.threads.map((thread) => renderThread(context, pullRequest, thread)));
    }),
  ];
}

function commentRoutes(context: Context): Route[] {
  return [
    route(table.addComment, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      const thread = threadOf(pullRequest, Number(call.param('threadId')));
      const comment = addComment(context, thread, { ...call, given: call.body });
      return json(renderComment(context, { pullRequest, thread, comment }));
    }),
    route(table.updateComment, (call) => {
      const { pullRequest } = pullRequestOf(context, call);
      const thread = threadOf(pullRequest, Number(call.param('threadId')));
      const comment = thread.comments.find(({ id }) => id === Number(call.param('commentId')));
      if (!comment) throw missing('CommentNotFoundException', 'there is no such comment');
      comment.content = call.body.content ?? comment.content;
      comment.changedAt = context.clock.now();
      return json(renderComment(context, { pullRequest, thread, comment }));
    }),
  ];
}

function addComment(
  context: Context,
  thread: Thread,
  { given, principal }: { given: CommentGiven; principal: string },
): Comment {
  if (!given.content) throw invalid('a comment needs content');
  const now = context.clock.now();
  const comment = {
    id: thread.comments.length + 1,
    parentCommentId: given.parentCommentId ?? 0,
    content: given.content,
    commentType: given.commentType ?? 'text',
    authorId: callerOf(context, principal).id,
    createdAt: now,
    changedAt: now,
  };
  thread.comments.push(comment);
  thread.changedAt = now;
  return comment;
}
