import { ServiceBusClient } from '@azure/service-bus';
import { startServiceBusProcess } from './service-bus-process.ts';

export interface MemorySample {
  readonly messages: number;
  readonly heapUsedInBytes: number;
  readonly residentInBytes: number;
  readonly connections: number;
  readonly links: number;
}

const batchSize = 200;

/**
 * Sends, receives and completes `messages` messages of 900 bytes in `rounds` rounds, each with a client of its own,
 * and looks at the emulator's memory after each, when its queue is empty. A leak shows as a heap that grows.
 */
export async function benchServiceBusMemory(messages = 100_000, rounds = 10): Promise<MemorySample[]> {
  const emulator = await startServiceBusProcess(['orders']);
  const samples: MemorySample[] = [];
  const sample = async (done: number): Promise<void> => {
    const { heapUsedInBytes, residentInBytes, connections, links } = await emulator.usage();
    samples.push({ messages: done, heapUsedInBytes, residentInBytes, connections, links });
  };
  try {
    for (let round = 1; round <= rounds; round++) {
      await passThrough(emulator.connectionString, messages / rounds);
      await sample((messages / rounds) * round);
    }
  } finally {
    await emulator.stop();
  }
  return samples;
}

async function passThrough(connectionString: string, messages: number): Promise<void> {
  const client = new ServiceBusClient(connectionString);
  const sender = client.createSender('orders');
  const receiver = client.createReceiver('orders');
  const batch = Array.from({ length: batchSize }, () => ({ body: 'x'.repeat(900) }));
  for (let sent = 0; sent < messages; sent += batchSize) {
    await sender.sendMessages(batch);
    for (let received = 0; received < batchSize; ) {
      const got = await receiver.receiveMessages(batchSize - received);
      await Promise.all(got.map((message) => receiver.completeMessage(message)));
      received += got.length;
    }
  }
  await client.close();
}

if (require.main === module) {
  benchServiceBusMemory().then(
    (samples) => console.table(samples),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
