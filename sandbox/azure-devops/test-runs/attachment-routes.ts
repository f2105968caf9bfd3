import type { z } from 'zod';
import { json } from '../../twin/exchange.ts';
import { type Route, route } from '../../twin/route.ts';
import { type Context, nextNumber } from '../context.ts';
import * as table from '../contract/test-table.ts';
import { list } from '../page.ts';
import { invalid, missing } from '../refusals.ts';
import { attachmentUrl, renderAttachment } from './render-test-run.ts';
import type { Attachment, TestRun } from './rows.ts';

type FindRun = (context: Context, call: { param(name: string): string }) => TestRun;

/** Attachments of runs and of results; their content comes as base64. */
export function attachmentRoutes(context: Context, runOf: FindRun): Route[] {
  return [
    route(table.attachToRun, (call) => {
      const run = runOf(context, call);
      const attachment = attach(context, run, { given: call.body });
      return json({ id: attachment.id, url: attachmentUrl(context, run, attachment) });
    }),
    route(table.attachToResult, (call) => {
      const run = runOf(context, call);
      const resultId = Number(call.param('testCaseResultId'));
      if (!run.results.some(({ id }) => id === resultId))
        throw missing('TestObjectNotFoundException', `there is no result ${resultId}`);
      const attachment = attach(context, run, { given: call.body, resultId });
      return json({ id: attachment.id, url: attachmentUrl(context, run, attachment) });
    }),
    route(table.listAttachments, (call) => {
      const run = runOf(context, call);
      const own = run.attachments.filter(({ resultId }) => resultId === undefined);
      return list(own.map((attachment) => renderAttachment(context, run, attachment)));
    }),
  ];
}

function attach(
  context: Context,
  run: TestRun,
  { given, resultId }: { given: z.infer<typeof table.attachToRun.body>; resultId?: number },
): Attachment {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(given.stream)) throw invalid('the content is not base64');
  const attachment: Attachment = {
    id: nextNumber(context.state, 'attachment'),
    ...(resultId === undefined ? {} : { resultId }),
    fileName: given.fileName,
    comment: given.comment ?? '',
    content: new Uint8Array(Buffer.from(given.stream, 'base64')),
    createdAt: context.clock.now(),
  };
  run.attachments.push(attachment);
  return attachment;
}
