import { type Context, dateOf, organizationUrl } from '../context.ts';
import { identityOf } from '../people.ts';
import { confidentialInputs, MASK } from './consumer-inputs.ts';
import type { Subscription } from './rows.ts';

/** The wire form of a subscription; confidential inputs are masked, the server adds two ids of its own. */
export function renderSubscription(context: Context, subscription: Subscription) {
  const { id, status, publisherId, eventType, resourceVersion, consumerId, consumerActionId } = subscription;
  const url = `${organizationUrl(context)}/_apis/hooks/subscriptions/${id}`;
  return {
    id,
    url,
    status,
    publisherId,
    eventType,
    resourceVersion,
    eventDescription: `Event ${eventType}`,
    consumerId,
    consumerActionId,
    actionDescription: descriptionOf(subscription),
    ...probationOf(subscription),
    createdBy: identityOf(context, subscription.createdById),
    createdDate: dateOf(subscription.createdAt),
    modifiedBy: identityOf(context, subscription.changedById),
    modifiedDate: dateOf(subscription.changedAt),
    publisherInputs: {
      ...subscription.publisherInputs,
      hostId: context.state.organizationId,
      tfsSubscriptionId: id,
    },
    consumerInputs: maskedInputs(subscription),
    _links: { self: { href: url } },
  };
}

/** Inputs as they may be shown. */
export function maskedInputs({ consumerId, consumerInputs }: Subscription): Record<string, string> {
  const confidential = confidentialInputs(consumerId);
  const masked = Object.entries(consumerInputs).map(([name, value]) => [
    name,
    confidential.includes(name) && value !== '' ? MASK : value,
  ]);
  return Object.fromEntries(masked);
}

function descriptionOf({ consumerId, consumerInputs }: Subscription): string {
  if (consumerId !== 'webHooks') return `To queue ${consumerInputs.queueName}`;
  const url = consumerInputs.url ?? '';
  return `To host ${URL.canParse(url) ? new URL(url).host : url}`;
}

function probationOf({ status, probationRetries, lastProbationRetryAt }: Subscription) {
  if (status !== 'onProbation') return {};
  return {
    probationRetries,
    ...(lastProbationRetryAt === undefined ? {} : { lastProbationRetryDate: dateOf(lastProbationRetryAt) }),
  };
}
