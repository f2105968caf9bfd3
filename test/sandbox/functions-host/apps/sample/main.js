const { app } = require('@azure/functions');

app.http('echo', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'echo/{kind}/{id:int?}',
  handler: async (request, context) => {
    context.log(`echo of ${request.method}`);
    return {
      jsonBody: {
        method: request.method,
        url: request.url,
        params: request.params,
        query: Object.fromEntries(request.query),
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
        user: request.user,
        traceParent: context.traceContext?.traceParent,
      },
    };
  },
});
app.http('nothing', { authLevel: 'anonymous', handler: () => undefined });
app.http('thrower', {
  authLevel: 'anonymous',
  handler: () => {
    throw new Error('a secret detail');
  },
});
app.http('secured', { authLevel: 'function', handler: () => ({ body: 'open' }) });
app.http('cookies', {
  authLevel: 'anonymous',
  handler: () => ({
    status: 201,
    headers: { 'x-one': '1' },
    cookies: [
      { name: 'a', value: '1', httpOnly: true },
      { name: 'b', value: 'x y', maxAge: 60, sameSite: 'Strict' },
    ],
  }),
});
app.http('block', {
  authLevel: 'anonymous',
  handler: () => {
    for (;;);
  },
});
app.http('pid', { authLevel: 'anonymous', handler: () => ({ body: String(process.pid) }) });
app.http('crash', {
  authLevel: 'anonymous',
  handler: () => {
    setTimeout(() => {
      throw new Error('nobody catches this');
    });
    return new Promise(() => {});
  },
});
app.http('slow', {
  authLevel: 'anonymous',
  handler: async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { body: 'done' };
  },
});
app.http('setting', {
  authLevel: 'anonymous',
  handler: () => ({ body: process.env.FROM_SETTINGS ?? 'none' }),
});
app.http('broken', { authLevel: 'anonymous', handler: () => 'not an object' });
app.http('bytes', {
  authLevel: 'anonymous',
  handler: async (request) => ({ body: new Uint8Array(await request.arrayBuffer()) }),
});
app.http('literal', { authLevel: 'anonymous', route: 'echo/fixed', handler: () => ({ body: 'literal' }) });
app.http('admin', { authLevel: 'admin', route: 'masters', handler: () => ({ body: 'open' }) });
app.timer('yearly', { schedule: '0 0 0 1 1 *', handler: (_timer, context) => context.log('the timer ran') });
