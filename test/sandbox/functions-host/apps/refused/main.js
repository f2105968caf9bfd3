const { app } = require('@azure/functions');

const handler = () => ({ body: 'here' });
app.http('good', { authLevel: 'anonymous', handler });
app.http('1bad', { handler });
app.http('host', { handler });
app.http('reserved', { route: 'admin/things', handler });
app.http('runtime', { route: 'runtime/things', handler });
app.http('sameAgain', { route: 'GOOD', methods: ['POST'], handler });
app.http('otherMethod', { route: 'good', methods: ['PUT'], authLevel: 'anonymous', handler });
app.storageQueue('queue', { queueName: 'q', connection: 'STORAGE', handler });
app.timer('badSchedule', { schedule: '0 0 0 * * 7', handler });
app.serviceBusQueue('noConnection', { queueName: 'q', connection: 'MISSING', handler });
app.serviceBusQueue('noQueue', { queueName: '%MISSING%', connection: 'BROKER', handler });
