import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { receiveWebhook } from '../shared/azure-devops/receive-webhook.ts';

app.http('azure-devops-webhook', {
  methods: ['POST'],
  route: 'webhooks/azure-devops',
  authLevel: 'anonymous',
  handler: async (request, context) => {
    const { config, ports } = service(context);
    const { webhook } = config;
    const rules = { credentials: webhook, subscriptions: webhook.subscriptions, accounts: webhook.accounts };
    const status = await receiveWebhook(ports, rules, {
      authorization: request.headers.get('authorization'),
      subscription: request.headers.get('x-vss-subscriptionid'),
      traceparent: request.headers.get('traceparent'),
      body: await request.text(),
    });
    return { status };
  },
});
