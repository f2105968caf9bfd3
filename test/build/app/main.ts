import { app } from '@azure/functions';
import { Refusal } from './refusal.ts';

app.http('eager', { authLevel: 'anonymous', handler: () => ({ body: 'eager' }) });
app.http('lazy', {
  authLevel: 'anonymous',
  handler: async () => {
    const { refuse, fileUrl } = await import('./heavy.ts');
    try {
      refuse();
    } catch (error) {
      return { jsonBody: { isSameClass: error instanceof Refusal, fileUrl } };
    }
    return {};
  },
});
