import { app } from '@azure/functions';
import { getHealth } from '../shared/api/health.ts';
import { logOf, service, wrongSettings } from '../shared/app.ts';

app.http('health', {
  methods: ['GET'],
  route: 'health',
  authLevel: 'anonymous',
  handler: (_request, context) =>
    getHealth({
      log: logOf(context),
      wrongSettings: wrongSettings(),
      readState: async () => service(context).ports.projects.listProjects(),
    }),
});
