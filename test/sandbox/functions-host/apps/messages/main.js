const { app, output } = require('@azure/functions');

const connection = 'BROKER';
const tell = (context, facts) => context.log(JSON.stringify(facts));
let running = 0;

app.serviceBusQueue('single', {
  queueName: '%SINGLE_QUEUE%',
  connection,
  handler: async (message, context) => {
    running += 1;
    await new Promise((resolve) => setTimeout(resolve, message?.pauseInMs ?? 0));
    tell(context, { message, type: typeof message, metadata: context.triggerMetadata, running });
    running -= 1;
    if (message?.fails) throw new Error('this message is poison');
  },
});
app.serviceBusQueue('batch', {
  queueName: 'batch',
  connection,
  cardinality: 'many',
  handler: (messages, context) => {
    tell(context, { messages, metadata: context.triggerMetadata });
    if (messages.some(({ fails }) => fails)) throw new Error('one of them is poison');
  },
});
app.serviceBusQueue('session', {
  queueName: 'session',
  connection,
  isSessionsEnabled: true,
  handler: (message, context) => tell(context, { message, session: context.triggerMetadata.sessionId }),
});
app.serviceBusQueue('keeps', {
  queueName: 'keeps',
  connection,
  autoCompleteMessages: false,
  handler: (message, context) => tell(context, { message }),
});
const next = output.serviceBusQueue({ queueName: 'out', connection });
app.serviceBusQueue('sends', {
  queueName: 'sends',
  connection,
  extraOutputs: [next],
  handler: (message, context) => context.extraOutputs.set(next, [{ first: message }, 'second']),
});
