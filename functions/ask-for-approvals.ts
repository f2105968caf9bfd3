import { app } from '@azure/functions';
import { service } from '../shared/app.ts';
import { askForApprovals } from '../shared/azure-devops/ask-for-approvals.ts';

const asked = new Set<string>();

app.timer('ask-for-approvals', {
  schedule: '*/30 * * * * *',
  handler: (_timer, context) => askForApprovals(service(context).ports, asked),
});
