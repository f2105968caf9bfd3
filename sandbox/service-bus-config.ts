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

function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
