import { join } from 'node:path';
import type { Stack } from '../../sandbox/stack.ts';
import { startStack } from '../../sandbox/stack.ts';
import { ServiceBusSender } from '../../shared/adapters/service-bus-sender.ts';
import names from '../../shared/names.json';
import type { StoredState } from './history.ts';
import { openState } from './history.ts';
import type { OutsideLog } from './outside.ts';
import { startOutside } from './outside.ts';

/** What runs are played on. */
export interface Surroundings {
  readonly stack: Stack;
  readonly state: StoredState;
  readonly bus: ServiceBusSender;
  readonly log: OutsideLog;
}

/** Locks as short as Azure allows, so that a killed host's messages come again soon. */
const QUEUES = {
  queues: names.queues.map(({ name, properties }) => ({
    name,
    properties: { ...properties, lockDuration: 'PT5S' },
  })),
};

/** Starts the real stack with the tool's app, and the outside in this process; ends both after the work. */
export async function withSurroundings<Result>(work: (on: Surroundings) => Promise<Result>): Promise<Result> {
  const outside = await startOutside();
  const stack = await startStack({
    entryFile: join(__dirname, 'app', 'main.ts'),
    settings: { KILL_RUN_OUTSIDE: outside.url },
    queues: QUEUES,
  });
  const bus = new ServiceBusSender({ connectionString: stack.serviceBusConnectionString });
  try {
    return await work({ stack, bus, state: openState(stack.storageConnectionString), log: outside.log });
  } finally {
    await bus.close();
    await stack.stop();
    await outside.stop();
  }
}
