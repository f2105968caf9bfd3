import { isRecord, numberOf, stringOf } from './json.ts';
import { resolveSettings } from './local-settings.ts';
import { type RetryPolicy, readRetryPolicy } from './retry-policy.ts';
import type { RegisteredFunction } from './worker/core-types.ts';

/** A function that this host can run. */
export interface FunctionDefinition {
  name: string;
  trigger: HttpTrigger | ServiceBusTrigger | TimerTrigger;
  outputs: ServiceBusOutput[];
  /** Only triggers that support retries have it. */
  retry: RetryPolicy | undefined;
  /** What the real host would say about it in its log. */
  warnings: string[];
}

export type AuthLevel = 'anonymous' | 'function' | 'admin';

export interface HttpTrigger {
  type: 'http';
  bindingName: string;
  /** Upper case. */
  methods: string[];
  authLevel: AuthLevel;
  /** Below the route prefix. */
  route: string;
}

export interface ServiceBusTrigger {
  type: 'service-bus';
  bindingName: string;
  /** `queue`, or `topic/subscriptions/subscription`. */
  entity: { queue: string } | { topic: string; subscription: string };
  /** Name of the connection setting. */
  connection: string;
  isSessionsEnabled: boolean;
  /** Cardinality many. */
  isBatch: boolean;
  isBinary: boolean;
  /** Undefined: as host.json says. */
  autoCompleteMessages: boolean | undefined;
}

export interface TimerTrigger {
  type: 'timer';
  bindingName: string;
  schedule: string;
  runOnStartup: boolean;
  useMonitor: boolean;
}

export interface ServiceBusOutput {
  bindingName: string;
  queueOrTopic: string;
  connection: string;
}

type Binding = Record<string, unknown> & { name: string };
type Settings = Record<string, string | undefined>;

const functionName = /^(?!host$)[a-z][a-z0-9_-]{0,127}$/i;
const bindingName = /^([a-zA-Z][a-zA-Z0-9]{0,127}|\$return)$/;

/**
 * Reads what the app registered, under the rules of the real host for names and bindings.
 *
 * @throws Error that says why the host would refuse the function, or that its trigger is not hosted here
 */
export function readFunction(registered: RegisteredFunction, settings: Settings): FunctionDefinition {
  if (!functionName.test(registered.name))
    throw new Error(`'${registered.name}' is not a valid function name.`);
  const bindings = Object.entries(registered.bindings).map(([name, binding]) => ({ ...binding, name }));
  for (const { name } of bindings) {
    if (!bindingName.test(name)) throw new Error(`The binding name '${name}' is invalid.`);
  }
  const [trigger, ...others] = bindings.filter((binding) => typeOf(binding).endsWith('trigger'));
  if (!trigger) throw new Error('A function needs a trigger.');
  if (others.length > 0) throw new Error('A function can have only one trigger.');
  const outputs = bindings.filter((binding) => binding !== trigger && typeOf(binding) !== 'http');
  const definition = { name: registered.name, trigger: readTrigger(trigger, registered.name, settings) };
  const retry = readRetryPolicy(registered.retryOptions);
  const isRetried = definition.trigger.type === 'timer';
  return {
    ...definition,
    outputs: outputs.map((binding) => readOutput(binding, settings)),
    retry: isRetried ? retry : undefined,
    warnings: retry && !isRetried ? [`Retries are not supported for function '${registered.name}'.`] : [],
  };
}

function typeOf(binding: Binding): string {
  return (stringOf(binding.type) ?? '').toLowerCase();
}

function readTrigger(binding: Binding, name: string, settings: Settings): FunctionDefinition['trigger'] {
  switch (typeOf(binding)) {
    case 'httptrigger':
      return readHttpTrigger(binding, name, settings);
    case 'servicebustrigger':
      return readServiceBusTrigger(binding, settings);
    case 'timertrigger':
      return {
        type: 'timer',
        bindingName: binding.name,
        schedule: resolveSettings(required(binding, 'schedule'), settings),
        runOnStartup: binding.runOnStartup === true,
        useMonitor: binding.useMonitor !== false,
      };
    default:
      throw new Error(`The binding type '${String(binding.type)}' is not hosted here.`);
  }
}

function readHttpTrigger(binding: Binding, name: string, settings: Settings): HttpTrigger {
  const level = (stringOf(binding.authLevel) ?? 'function').toLowerCase();
  if (level !== 'anonymous' && level !== 'function' && level !== 'admin') {
    throw new Error(`'${level}' is not an authorization level.`);
  }
  const route = resolveSettings(stringOf(binding.route) || name, settings).replace(/^\/+/, '');
  if (/^(admin|runtime)(\/|$)/i.test(route))
    throw new Error('The specified route conflicts with one or more built in routes.');
  const methods = Array.isArray(binding.methods) ? binding.methods : [];
  return {
    type: 'http',
    bindingName: binding.name,
    methods: methods.map((method) => String(method).toUpperCase()),
    authLevel: level,
    route,
  };
}

function readServiceBusTrigger(binding: Binding, settings: Settings): ServiceBusTrigger {
  const read = (option: string) => resolveSettings(required(binding, option), settings);
  const isTopic = binding.topicName !== undefined;
  return {
    type: 'service-bus',
    bindingName: binding.name,
    entity: isTopic
      ? { topic: read('topicName'), subscription: read('subscriptionName') }
      : { queue: read('queueName') },
    connection: stringOf(binding.connection) || 'AzureWebJobsServiceBus',
    isSessionsEnabled: binding.isSessionsEnabled === true,
    isBatch: isMany(binding.cardinality),
    isBinary: stringOf(binding.dataType)?.toLowerCase() === 'binary' || numberOf(binding.dataType) === 1,
    autoCompleteMessages:
      typeof binding.autoCompleteMessages === 'boolean' ? binding.autoCompleteMessages : undefined,
  };
}

function isMany(cardinality: unknown): boolean {
  return stringOf(cardinality)?.toLowerCase() === 'many';
}

function readOutput(binding: Binding, settings: Settings): ServiceBusOutput {
  if (typeOf(binding) !== 'servicebus')
    throw new Error(`The binding type '${String(binding.type)}' is not hosted here.`);
  const option = binding.topicName === undefined ? 'queueName' : 'topicName';
  return {
    bindingName: binding.name,
    queueOrTopic: resolveSettings(required(binding, option), settings),
    connection: stringOf(binding.connection) || 'AzureWebJobsServiceBus',
  };
}

function required(binding: Record<string, unknown>, option: string): string {
  const value = isRecord(binding) ? stringOf(binding[option]) : undefined;
  if (!value) throw new Error(`The binding option '${option}' is missing.`);
  return value;
}
