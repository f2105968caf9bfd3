import { z } from 'zod';
import { noBody, operation } from '../../twin/contract.ts';
import { count, identity, listOf, ORGANIZATION, text, versioned, versionOnly } from './shapes.ts';

const SUBSCRIPTIONS = `${ORGANIZATION}/hooks/subscriptions`;
const inputs = z.record(z.string(), z.string());

export const subscriptionStatus = z.enum([
  'enabled',
  'onProbation',
  'disabledByUser',
  'disabledBySystem',
  'disabledByInactiveIdentity',
]);

const subscriptionGiven = z.strictObject({
  id: z.string().optional(),
  publisherId: z.string(),
  eventType: z.string(),
  resourceVersion: z.string().nullable().optional(),
  consumerId: z.string(),
  consumerActionId: z.string(),
  publisherInputs: inputs.optional(),
  consumerInputs: inputs.optional(),
  status: subscriptionStatus.optional(),
});

const subscription = z.strictObject({
  id: z.string(),
  url: z.string(),
  status: subscriptionStatus,
  publisherId: z.string(),
  eventType: z.string(),
  resourceVersion: z.string().nullable(),
  eventDescription: z.string(),
  consumerId: z.string(),
  consumerActionId: z.string(),
  actionDescription: z.string(),
  probationRetries: z.int().optional(),
  lastProbationRetryDate: z.string().optional(),
  createdBy: identity,
  createdDate: z.string(),
  modifiedBy: identity,
  modifiedDate: z.string(),
  publisherInputs: inputs,
  consumerInputs: inputs,
  _links: z.record(z.string(), z.strictObject({ href: z.string() })),
});

const countsRetries = 'the published examples hold a number';

export const createSubscription = operation({
  name: 'Subscriptions.Create',
  method: 'POST',
  path: SUBSCRIPTIONS,
  query: versionOnly,
  body: subscriptionGiven,
  responses: { 200: subscription },
  errors: [400],
  deviations: {
    'body.publisherId': 'a subscription without a publisher is refused',
    'body.eventType': 'a subscription without an event type is refused',
    'body.consumerId': 'a subscription without a consumer is refused',
    'body.consumerActionId': 'a subscription without an action is refused',
    'response.200.probationRetries': countsRetries,
  },
});

export const replaceSubscription = operation({
  ...createSubscription,
  name: 'Subscriptions.Replace',
  method: 'PUT',
  path: `${SUBSCRIPTIONS}/{subscriptionId}`,
  errors: [400, 404],
});

export const listSubscriptions = operation({
  name: 'Subscriptions.List',
  method: 'GET',
  path: SUBSCRIPTIONS,
  query: versioned({ publisherId: text, eventType: text, consumerId: text, consumerActionId: text }),
  responses: { 200: listOf(subscription) },
  deviations: { 'response.200.value.probationRetries': countsRetries },
});

export const getSubscription = operation({
  name: 'Subscriptions.Get',
  method: 'GET',
  path: `${SUBSCRIPTIONS}/{subscriptionId}`,
  query: versionOnly,
  responses: { 200: subscription },
  errors: [404],
  deviations: { 'response.200.probationRetries': countsRetries },
});

export const deleteSubscription = operation({
  name: 'Subscriptions.Delete',
  method: 'DELETE',
  path: `${SUBSCRIPTIONS}/{subscriptionId}`,
  query: versionOnly,
  responses: { 204: noBody },
  errors: [404],
  deviations: { 'response.204': 'the published example answers 204' },
});

const filter = z.strictObject({
  conditions: z
    .array(
      z.strictObject({
        caseSensitive: z.boolean().optional(),
        inputId: z.string().optional(),
        inputValue: z.string().optional(),
        operator: z.enum(['equals', 'notEquals']).optional(),
      }),
    )
    .optional(),
});

const subscriptionsQuery = z.strictObject({
  publisherId: z.string().optional(),
  eventType: z.string().optional(),
  consumerId: z.string().optional(),
  consumerActionId: z.string().optional(),
  subscriberId: z.string().optional(),
  publisherInputFilters: z.array(filter).optional(),
  consumerInputFilters: z.array(filter).optional(),
});

export const querySubscriptions = operation({
  name: 'Subscriptions.Query',
  method: 'POST',
  path: `${ORGANIZATION}/hooks/subscriptionsquery`,
  query: versionOnly,
  body: subscriptionsQuery,
  responses: { 200: subscriptionsQuery.extend({ results: z.array(subscription) }) },
  deviations: { 'response.200.results.probationRetries': countsRetries },
});

const notificationResult = z.enum(['pending', 'succeeded', 'failed', 'filtered']);
const notificationStatus = z.enum(['queued', 'processing', 'requestInProgress', 'completed']);

const details = z.strictObject({
  eventType: z.string(),
  publisherId: z.string(),
  consumerId: z.string(),
  consumerActionId: z.string(),
  publisherInputs: inputs,
  consumerInputs: inputs,
  event: z.looseObject({ id: z.string(), eventType: z.string() }).optional(),
  queuedDate: z.string(),
  completedDate: z.string().optional(),
  requestAttempts: z.int(),
  request: z.string(),
  response: z.string(),
  errorMessage: z.string(),
});

export const notification = z.strictObject({
  id: z.int(),
  subscriptionId: z.string(),
  eventId: z.string(),
  status: notificationStatus,
  result: notificationResult,
  createdDate: z.string(),
  modifiedDate: z.string(),
  details: details.optional(),
});

const notificationsQuery = z.strictObject({
  subscriptionIds: z.array(z.string()).optional(),
  publisherId: z.string().optional(),
  resultType: notificationResult.optional(),
  status: notificationStatus.optional(),
  minCreatedDate: z.string().optional(),
  maxCreatedDate: z.string().optional(),
  includeDetails: z.boolean().optional(),
  maxResults: z.int().optional(),
  maxResultsPerSubscription: z.int().optional(),
});

const summary = z.strictObject({
  subscriptionId: z.string(),
  results: z.array(z.strictObject({ result: notificationResult, notificationCount: z.int() })),
});

export const queryNotifications = operation({
  name: 'Notifications.Query',
  method: 'POST',
  path: `${ORGANIZATION}/hooks/notificationsquery`,
  query: versionOnly,
  body: notificationsQuery,
  responses: {
    200: notificationsQuery.extend({ results: z.array(notification), summary: z.array(summary) }),
  },
});

export const listNotifications = operation({
  name: 'Notifications.List',
  method: 'GET',
  path: `${SUBSCRIPTIONS}/{subscriptionId}/notifications`,
  query: versioned({
    maxResults: count,
    status: notificationStatus.optional(),
    result: notificationResult.optional(),
  }),
  responses: { 200: listOf(notification) },
  errors: [404],
});

export const getNotification = operation({
  name: 'Notifications.Get',
  method: 'GET',
  path: `${SUBSCRIPTIONS}/{subscriptionId}/notifications/{notificationId}`,
  query: versionOnly,
  responses: { 200: notification },
  errors: [404],
});
