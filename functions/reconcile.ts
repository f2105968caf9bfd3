import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { reconcile } from '../shared/engine/reconcile.ts';

app.timer('reconcile', {
  schedule: '0 */5 * * * *',
  handler: async (_timer, context) => {
    const { ports } = service(context);
    for (const { name } of await ports.projects.listProjects()) await reconcile(ports, ports.records, name);
  },
});
