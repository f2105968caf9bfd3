import { durationInMs } from './service-bus/iso-duration.ts';

/** The queues of `shared/names.json`: names, and properties in the words of Azure Resource Manager. */
export interface QueueNames {
  readonly queues: readonly {
    readonly name: string;
    readonly properties: Readonly<Record<string, string | number | boolean>>;
  }[];
}

/**
 * The Config.json of the Service Bus emulator for these queues. It has the words of Resource Manager with a capital
 * letter in front.
 */
export function serviceBusConfig({ queues }: QueueNames): object {
  const Queues = queues.map(({ name, properties }) => ({
    Name: name,
    Properties: Object.fromEntries(
      Object.entries(properties).map(([property, value]) => [capitalised(property), value]),
    ),
  }));
  return {
    UserConfig: {
      Namespaces: [{ Name: 'sbemulatorns', Queues, Topics: [] }],
      Logging: { Type: 'Console' },
    },
  };
}

/** What Microsoft's emulator takes at most, as its documentation says. */
const MOST: Readonly<Record<string, string | number>> = {
  defaultMessageTimeToLive: 'PT1H',
  duplicateDetectionHistoryTimeWindow: 'PT5M',
  lockDuration: 'PT5M',
  maxDeliveryCount: 10,
};

/** The same queues, where nothing is longer or more than Microsoft's emulator takes. */
export function shortened({ queues }: QueueNames): QueueNames {
  const within = (property: string, value: string | number | boolean) => {
    const most = MOST[property];
    return most !== undefined && sizeOf(value) > sizeOf(most) ? most : value;
  };
  return {
    queues: queues.map(({ name, properties }) => ({
      name,
      properties: Object.fromEntries(
        Object.entries(properties).map(([property, value]) => [property, within(property, value)]),
      ),
    })),
  };
}

function sizeOf(value: string | number | boolean): number {
  return typeof value === 'string' ? (durationInMs(value) ?? 0) : Number(value);
}

function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
