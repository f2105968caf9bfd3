/** Sends one event and one metric with the real package, and prints every host that the process connects to. */
const net = require('node:net');

const hosts = new Set();
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  hosts.add(String(options.host ?? options.path));
  return connect.apply(this, args);
};

const { TelemetryClient } = require('applicationinsights');

async function send() {
  const client = new TelemetryClient(process.env.APPLICATIONINSIGHTS_CONNECTION_STRING, {
    useGlobalProviders: false,
  });
  client.trackEvent({
    name: 'deployment_stage_completed',
    properties: { stage: 'dev', success: 'true' },
    measurements: { duration_seconds: 12.5 },
  });
  client.trackMetric({ name: 'deployment.success', value: 1, properties: { stage: 'dev' } });
  await client.flush();
  process.stdout.write(JSON.stringify([...hosts]));
}

send();
