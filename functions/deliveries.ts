import { app } from '@azure/functions';
import { answer } from '../shared/api/answer.ts';
import { service } from '../shared/app.ts';
import { NO_PROJECT } from '../shared/engine/take-intake.ts';

app.http('deliveries', {
  methods: ['GET'],
  route: 'deliveries',
  authLevel: 'function',
  handler: (request, context) =>
    answer(context, async () => {
      const project = request.query.get('project') ?? NO_PROJECT;
      const deliveries = await service(context).ports.deliveries.listDeliveries(project, 200);
      return { status: 200, jsonBody: { deliveries } };
    }),
});
