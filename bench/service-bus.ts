import { ServiceBusClient, type ServiceBusReceiver, type ServiceBusSender } from '@azure/service-bus';
import { type ServiceBusProcess, startServiceBusProcess } from './service-bus-process.ts';

/** Rates are messages per second. CPU times are of the whole run; the ratio is the client's to the emulator's. */
export interface ServiceBusReport {
  readonly messages: number;
  readonly bodySizeInBytes: number;
  readonly sentInBatchesPerSecond: number;
  readonly sentSinglyPerSecond: number;
  readonly receivedAndCompletedPerSecond: number;
  readonly subscribedPerSecond: number;
  readonly endToEndMedianInMs: number;
  readonly clientCpuTimeInMs: number;
  readonly emulatorCpuTimeInMs: number;
  readonly cpuRatio: number;
}

export interface ServiceBusBenchOptions {
  /** Per measurement; default 10,000. */
  readonly messages?: number;
  /** Whether the emulator writes a journal; default not. */
  readonly journal?: boolean;
}

const batchSize = 100;
const inFlight = 32;
const roundTrips = 200;
const body = { text: 'x'.repeat(900) };

/** Measures the emulator in a process of its own with the official SDK in this one. Takes some ten seconds. */
export async function benchServiceBus(options: ServiceBusBenchOptions = {}): Promise<ServiceBusReport> {
  const { messages = 10_000, journal = false } = options;
  const emulator = await startServiceBusProcess(['batches', 'singles', 'latency'], { journal });
  const client = new ServiceBusClient(emulator.connectionString);
  try {
    return await measure(emulator, client, messages);
  } finally {
    await client.close();
    await emulator.stop();
  }
}

async function measure(
  emulator: ServiceBusProcess,
  client: ServiceBusClient,
  messages: number,
): Promise<ServiceBusReport> {
  await warmUp(client);
  const cpuBefore = process.cpuUsage();
  const before = await emulator.usage();
  const perSecond = async (work: Promise<unknown>): Promise<number> => {
    const startInMs = performance.now();
    await work;
    return Math.round((messages * 1000) / (performance.now() - startInMs));
  };
  const sentInBatchesPerSecond = await perSecond(sendInBatches(client.createSender('batches'), messages));
  const sentSinglyPerSecond = await perSecond(sendSingly(client.createSender('singles'), messages));
  const receivedAndCompletedPerSecond = await perSecond(
    receiveAndComplete(client.createReceiver('batches'), messages),
  );
  const subscribedPerSecond = await perSecond(subscribe(client.createReceiver('singles'), messages));
  const endToEndMedianInMs = await medianRoundTrip(client);
  const cpu = process.cpuUsage(cpuBefore);
  const clientCpuTimeInMs = Math.round((cpu.user + cpu.system) / 1000);
  const emulatorCpuTimeInMs = Math.round((await emulator.usage()).cpuTimeInMs - before.cpuTimeInMs);
  return {
    messages,
    bodySizeInBytes: JSON.stringify(body).length,
    sentInBatchesPerSecond,
    sentSinglyPerSecond,
    receivedAndCompletedPerSecond,
    subscribedPerSecond,
    endToEndMedianInMs,
    clientCpuTimeInMs,
    emulatorCpuTimeInMs,
    cpuRatio: Math.round((100 * clientCpuTimeInMs) / emulatorCpuTimeInMs) / 100,
  };
}

// Both sides have their code compiled before anything counts.
async function warmUp(client: ServiceBusClient): Promise<void> {
  await sendInBatches(client.createSender('latency'), 1000);
  await sendSingly(client.createSender('latency'), 1000);
  await receiveAndComplete(client.createReceiver('latency'), 2000);
}

async function sendInBatches(sender: ServiceBusSender, messages: number): Promise<void> {
  const batch = Array.from({ length: batchSize }, () => ({ body }));
  for (let sent = 0; sent < messages; sent += batchSize) await sender.sendMessages(batch);
  await sender.close();
}

async function sendSingly(sender: ServiceBusSender, messages: number): Promise<void> {
  let sent = 0;
  const one = async (): Promise<void> => {
    while (sent++ < messages) await sender.sendMessages({ body });
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  await sender.close();
}

async function receiveAndComplete(receiver: ServiceBusReceiver, messages: number): Promise<void> {
  for (let received = 0; received < messages; ) {
    const batch = await receiver.receiveMessages(batchSize);
    await Promise.all(batch.map((message) => receiver.completeMessage(message)));
    received += batch.length;
  }
  await receiver.close();
}

async function subscribe(receiver: ServiceBusReceiver, messages: number): Promise<void> {
  let received = 0;
  await new Promise<void>((resolve, reject) => {
    receiver.subscribe(
      {
        processMessage: async () => {
          received++;
          if (received === messages) resolve();
        },
        processError: async ({ error }) => reject(error),
      },
      { maxConcurrentCalls: inFlight },
    );
  });
  await receiver.close();
}

async function medianRoundTrip(client: ServiceBusClient): Promise<number> {
  const sender = client.createSender('latency');
  const receiver = client.createReceiver('latency');
  const timesInMs: number[] = [];
  let arrived = (): void => {};
  const subscription = receiver.subscribe({
    processMessage: async () => arrived(),
    processError: async ({ error }) => Promise.reject(error),
  });
  for (let trip = 0; trip < roundTrips; trip++) {
    const startInMs = performance.now();
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await Promise.all([sender.sendMessages({ body }), arrival]);
    timesInMs.push(performance.now() - startInMs);
  }
  await subscription.close();
  timesInMs.sort((a, b) => a - b);
  return Math.round(100 * (timesInMs[roundTrips / 2] ?? Number.NaN)) / 100;
}

if (require.main === module) {
  benchServiceBus({ journal: process.argv.includes('--journal') }).then(
    (report) => console.log(JSON.stringify(report, null, 2)),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
