import { type Context, organizationUrl, preciseDateOf } from '../context.ts';
import { renderSubject } from './render-subject.ts';
import type { Notification, Rendering, Subscription } from './rows.ts';

/** The event as one subscription gets it: its version, its share of the messages and of the resource. */
export function renderEvent(context: Context, notification: Notification, subscription: Subscription) {
  const { event } = notification;
  const version = subscription.resourceVersion ?? '';
  const { resource, text, detailedText = text } = renderSubject(context, event, version);
  const { consumerInputs } = subscription;
  return {
    subscriptionId: subscription.id,
    notificationId: notification.id,
    id: event.id,
    eventType: event.eventType,
    publisherId: event.publisherId,
    ...messagesOf({ text, detailedText }, consumerInputs),
    resource: shareOf(resource, consumerInputs.resourceDetailsToSend),
    resourceVersion: version,
    resourceContainers: containersOf(context, notification),
    createdDate: preciseDateOf(event.createdAt),
  };
}

/** `minimal` leaves the resource its id and URL, `none` nothing. */
function shareOf(resource: Rendering['resource'], details: string | undefined): Rendering['resource'] | null {
  if (details === 'none') return null;
  if (details !== 'minimal') return resource;
  const kept = Object.entries(resource).filter(([name]) =>
    ['id', 'url', 'approvalId', 'runId'].includes(name),
  );
  return Object.fromEntries(kept);
}

function messagesOf(
  { text, detailedText }: { text: string; detailedText: string },
  inputs: Record<string, string>,
) {
  const message = messageOf(text, inputs.messagesToSend);
  const detailedMessage = messageOf(detailedText, inputs.detailedMessagesToSend);
  return { ...(message ? { message } : {}), ...(detailedMessage ? { detailedMessage } : {}) };
}

function messageOf(text: string, share: string | undefined): Record<string, string> | undefined {
  if (share === 'none') return undefined;
  if (share === 'text' || share === 'html' || share === 'markdown') return { [share]: text };
  return { text, html: text, markdown: text };
}

/** Events about approvals do not say their project here. */
function containersOf(context: Context, { event }: Notification) {
  const { organizationId, collectionId } = context.state;
  const baseUrl = `${organizationUrl(context)}/`;
  return {
    collection: { id: collectionId, baseUrl },
    account: { id: organizationId, baseUrl },
    ...(event.subject.kind === 'approval' ? {} : { project: { id: event.projectId, baseUrl } }),
  };
}
