import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { askForApprovals, newAsking } from '../shared/azure-devops/ask-for-approvals.ts';

const asking = newAsking();

app.timer('ask-for-approvals', {
  schedule: '*/30 * * * * *',
  handler: (_timer, context) => askForApprovals(service(context).ports, asking),
});
