import { app } from '@azure/functions';
import { logOf, service, webhookConfig } from '../shared/app.ts';
import { orUnavailable, receiveWebhook } from '../shared/azure-devops/receive-webhook.ts';

app.http('azure-devops-webhook', {
  methods: ['POST'],
  route: 'webhooks/azure-devops',
  authLevel: 'anonymous',
  handler: (request, context) =>
    orUnavailable(logOf(context), async () => {
      const { ports } = service(context);
      const { subscriptions, accounts, ...credentials } = webhookConfig();
      return receiveWebhook(
        ports,
        { credentials, subscriptions, accounts },
        {
          authorization: request.headers.get('authorization'),
          subscription: request.headers.get('x-vss-subscriptionid'),
          traceparent: request.headers.get('traceparent'),
          body: await request.text(),
        },
      );
    }),
});
