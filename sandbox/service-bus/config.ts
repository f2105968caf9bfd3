import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import type { QueueSettings } from './engine/queue-model.ts';
import { durationInMs } from './iso-duration.ts';

/** What the Config.json of Microsoft's emulator says, as far as it concerns this one. */
export interface ServiceBusConfig {
  readonly namespace: string;
  readonly queues: readonly QueueSettings[];
  /** What Microsoft's emulator would refuse but this one takes. */
  readonly warnings: readonly string[];
}

/** The config cannot be used; the message names the key. */
export class ConfigError extends Error {}

/** Parses the text of a Config.json; comments and trailing commas are allowed. @throws ConfigError */
export function parseConfigText(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return value;
  throw new ConfigError(
    `The config is no JSON: ${printParseErrorCode(first.error)} at character ${first.offset}.`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a parsed Config.json. Missing properties of a queue get the defaults of Microsoft's emulator. @throws ConfigError */
export function readConfig(value: unknown): ServiceBusConfig {
  const userConfig = fields(fields(value, 'the config').UserConfig, 'UserConfig');
  const [namespace, ...others] = array(userConfig.Namespaces, 'UserConfig.Namespaces');
  if (namespace === undefined || others.length > 0) {
    throw new ConfigError('UserConfig.Namespaces must hold exactly one namespace.');
  }
  const path = 'UserConfig.Namespaces[0]';
  const { Name, Queues, Topics } = fields(namespace, path);
  if (Topics !== undefined && array(Topics, `${path}.Topics`).length > 0) {
    throw new ConfigError(`${path}.Topics must be empty: topics are not supported.`);
  }
  const warnings: string[] = [];
  const queues = array(Queues ?? [], `${path}.Queues`).map((queue, index) =>
    readQueue(fields(queue, `${path}.Queues[${index}]`), `${path}.Queues[${index}]`, warnings),
  );
  if (queues.length > 50) warnings.push(`${path}.Queues: Microsoft's emulator takes 50 queues at most.`);
  checkNames(queues, path);
  checkForwarding(queues, path);
  return { namespace: text(Name, `${path}.Name`), queues, warnings };
}

const namePattern = /^[a-z0-9]([a-z0-9_./-]*[a-z0-9])?$/i;

function readQueue(queue: Fields, path: string, warnings: string[]): QueueSettings {
  const name = text(queue.Name, `${path}.Name`);
  if (!namePattern.test(name)) throw new ConfigError(`${path}.Name: '${name}' is no name for a queue.`);
  const at = `${path}.Properties`;
  const properties = fields(queue.Properties ?? {}, at);
  const duration = (key: string, otherwise: string, range: readonly [string, string]): number =>
    readDuration(properties[key] ?? otherwise, { path: `${at}.${key}`, range, warnings });
  const flag = (key: string): boolean => boolean(properties[key] ?? false, `${at}.${key}`);
  const target = (key: string): string | undefined =>
    text(properties[key] ?? '', `${at}.${key}`) || undefined;
  const windowInMs = duration('DuplicateDetectionHistoryTimeWindow', 'PT20S', ['PT5S', 'PT5M']);
  return {
    name,
    lockDurationInMs: duration('LockDuration', 'PT1M', ['PT5S', 'PT5M']),
    maxDeliveryCount: readCount(properties.MaxDeliveryCount ?? 3, `${at}.MaxDeliveryCount`, warnings),
    defaultTimeToLiveInMs: duration('DefaultMessageTimeToLive', 'PT1H', ['PT1S', 'PT1H']),
    deadLettersExpired: flag('DeadLetteringOnMessageExpiration'),
    duplicateWindowInMs: flag('RequiresDuplicateDetection') ? windowInMs : 0,
    requiresSession: flag('RequiresSession'),
    forwardTo: target('ForwardTo'),
    forwardDeadLettersTo: target('ForwardDeadLetteredMessagesTo'),
  };
}

interface DurationRule {
  readonly path: string;
  readonly range: readonly [string, string];
  readonly warnings: string[];
}

function readDuration(value: unknown, { path, range, warnings }: DurationRule): number {
  const given = durationInMs(text(value, path));
  if (given === undefined || given <= 0) {
    throw new ConfigError(`${path}: '${String(value)}' is no duration such as PT1M.`);
  }
  const [least, most] = range;
  if (given < (durationInMs(least) ?? 0) || given > (durationInMs(most) ?? 0)) {
    warnings.push(`${path}: Microsoft's emulator takes ${least} to ${most}.`);
  }
  return given;
}

function readCount(value: unknown, path: string, warnings: string[]): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw new ConfigError(`${path} must be a whole number from 1.`);
  }
  if (value > 10) warnings.push(`${path}: Microsoft's emulator takes 10 at most.`);
  return value;
}

function checkNames(queues: readonly QueueSettings[], path: string): void {
  const names = queues.map((queue) => queue.name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new ConfigError(`${path}.Queues: there are two queues named '${twice}'.`);
}

const mostHops = 4;

// Checked here once, so that a message on its way cannot meet a missing queue or go round in circles.
function checkForwarding(queues: readonly QueueSettings[], path: string): void {
  const byName = new Map(queues.map((queue) => [queue.name.toLowerCase(), queue]));
  for (const queue of queues) {
    for (const key of ['forwardTo', 'forwardDeadLettersTo'] as const) {
      let target = queue[key];
      for (let hops = 1; target !== undefined; hops++) {
        const next = byName.get(target.toLowerCase());
        if (next === undefined)
          throw new ConfigError(`${path}.Queues: '${queue.name}' forwards to '${target}', which is missing.`);
        if (hops > mostHops)
          throw new ConfigError(`${path}.Queues: '${queue.name}' forwards over more than ${mostHops} hops.`);
        target = next.forwardTo;
      }
    }
  }
}

function fields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${path} must be an object.`);
  }
  return value as Fields;
}

function array(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ConfigError(`${path} must be a list.`);
  return value;
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new ConfigError(`${path} must be a string.`);
  return value;
}

function boolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new ConfigError(`${path} must be true or false.`);
  return value;
}
