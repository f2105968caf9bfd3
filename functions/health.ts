import { app } from '@azure/functions';
import { getHealth } from '../shared/api/health.ts';
import { service } from '../shared/app.ts';

app.http('health', {
  methods: ['GET'],
  route: 'health',
  authLevel: 'anonymous',
  handler: (_request, context) => getHealth(service(context).ports),
});
