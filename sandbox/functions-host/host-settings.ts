import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { isRecord, numberOf, objectOf, stringOf } from './json.ts';
import { readTimeSpan } from './time-span.ts';

/** What host.json says, with the defaults of the real host for what it leaves out. */
export interface HostSettings {
  /** Undefined: no limit ("-1"). */
  functionTimeoutInMs: number | undefined;
  /** Without slashes at its ends; '' for none. */
  routePrefix: string;
  serviceBus: ServiceBusSettings;
}

/** `extensions.serviceBus` of host.json. */
export interface ServiceBusSettings {
  /** The function's own autoCompleteMessages wins. */
  autoCompleteMessages: boolean;
  prefetchCount: number;
  /** Concerns single messages, not batches. */
  maxAutoLockRenewalDurationInMs: number;
  maxConcurrentCalls: number;
  maxConcurrentSessions: number;
  sessionIdleTimeoutInMs: number;
  maxMessageBatchSize: number;
  minMessageBatchSize: number;
  maxBatchWaitTimeInMs: number;
}

const defaultFunctionTimeoutInMs = 30 * 60_000;
const defaultMaxConcurrentCalls = 16;

/**
 * @throws Error when host.json is missing, is no version 2.0 host.json, or has a value the real host refuses
 */
export function readHostSettings(appFolder: string): HostSettings {
  const content: unknown = parse(readFileSync(join(appFolder, 'host.json'), 'utf8'));
  return toHostSettings(content);
}

/** @param content the parsed host.json */
export function toHostSettings(content: unknown): HostSettings {
  if (!isRecord(content) || content.version !== '2.0') throw new Error('host.json: "version" must be "2.0".');
  const extensions = objectOf(content.extensions);
  return {
    functionTimeoutInMs: readTimeout(content.functionTimeout),
    routePrefix: (stringOf(objectOf(extensions.http).routePrefix) ?? 'api').replace(/^\/+|\/+$/g, ''),
    serviceBus: toServiceBusSettings(objectOf(extensions.serviceBus)),
  };
}

function readTimeout(value: unknown): number | undefined {
  if (value === undefined || value === null) return defaultFunctionTimeoutInMs;
  if (value === '-1') return undefined;
  return readTimeSpan(value, 'functionTimeout');
}

/** Also reads the keys of earlier versions of the extension; a key of today wins over them. */
function toServiceBusSettings(today: Record<string, unknown>): ServiceBusSettings {
  const handler = objectOf(today.messageHandlerOptions);
  const sessions = objectOf(today.sessionHandlerOptions);
  const span = (value: unknown, name: string, fallback: string) =>
    readTimeSpan(value ?? fallback, `extensions.serviceBus.${name}`);
  const settings = {
    autoCompleteMessages: booleanOf(today.autoCompleteMessages ?? handler.autoComplete) ?? true,
    prefetchCount: numberOf(today.prefetchCount) ?? 0,
    maxAutoLockRenewalDurationInMs: span(
      today.maxAutoLockRenewalDuration ?? handler.maxAutoRenewDuration,
      'maxAutoLockRenewalDuration',
      '00:05:00',
    ),
    maxConcurrentCalls:
      numberOf(today.maxConcurrentCalls ?? handler.maxConcurrentCalls) ?? defaultMaxConcurrentCalls,
    maxConcurrentSessions: numberOf(today.maxConcurrentSessions ?? sessions.maxConcurrentSessions) ?? 8,
    sessionIdleTimeoutInMs: span(
      today.sessionIdleTimeout ?? sessions.messageWaitTimeout,
      'sessionIdleTimeout',
      '00:01:00',
    ),
    maxMessageBatchSize:
      numberOf(today.maxMessageBatchSize ?? objectOf(today.batchOptions).maxMessageCount) ?? 1000,
    minMessageBatchSize: numberOf(today.minMessageBatchSize) ?? 1,
    maxBatchWaitTimeInMs: span(today.maxBatchWaitTime, 'maxBatchWaitTime', '00:00:30'),
  };
  checkBatches(settings);
  return settings;
}

const longestBatchWaitInMs = 150_000;

function checkBatches(settings: ServiceBusSettings): void {
  if (settings.minMessageBatchSize > settings.maxMessageBatchSize) {
    throw new Error('host.json: minMessageBatchSize must not exceed maxMessageBatchSize.');
  }
  if (settings.maxBatchWaitTimeInMs > longestBatchWaitInMs) {
    throw new Error('host.json: maxBatchWaitTime must not exceed 00:02:30.');
  }
}

function booleanOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}
