const { app } = require('@azure/functions');

const seen = [];
app.hook.appStart((context) => {
  context.hookData.from = 'appStart';
  seen.push('appStart');
});
app.hook.appTerminate((context) => console.log(`terminated after ${context.hookData.from}`));
app.hook.preInvocation((context) => {
  context.hookData.start = 'before';
  context.inputs = [{ replaced: true }];
});
app.hook.postInvocation((context) => {
  seen.push(`post:${context.hookData.start}:${context.error?.message ?? 'fine'}`);
  if (context.error?.message === 'forgiven') {
    context.error = null;
    context.result = { body: 'forgiven' };
  }
});
app.hook.log((context) => {
  if (context.category === 'user') context.message = `hooked ${context.message}`;
});

const handle = (name, handler) => app.http(name, { authLevel: 'anonymous', handler });
handle('input', (input, context) => {
  context.log('a line');
  return { jsonBody: { input, count: seen.length } };
});
handle('forgiven', () => {
  throw new Error('forgiven');
});
handle('failing', () => {
  throw new Error('not forgiven');
});
handle('seen', () => ({ jsonBody: seen }));
handle('late', () => {
  app.http('tooLate', { handler: () => ({}) });
  return {};
});
