import { describe, expect, test } from '@jest/globals';
import type { WebhookRequest, WebhookRules } from '../../shared/azure-devops/receive-webhook.ts';
import { orUnavailable, receiveWebhook } from '../../shared/azure-devops/receive-webhook.ts';
import { readIntakeMessage } from '../../shared/engine/intake-message.ts';
import type { Outgoing } from '../../shared/engine/ports.ts';
import { UnreadableInput } from '../../shared/errors.ts';
import { MemoryContent } from '../adapters/memory-content.ts';
import { ACCOUNT, buildCompleted, SUBSCRIPTION } from '../end-to-end/payloads.ts';

const PASSWORD = 'a-password-of-enough-characters';
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What becomes of an event that was sent with the right password: the answer, and what is queued. */
async function received(rules: Partial<WebhookRules>, request: Partial<WebhookRequest> = {}) {
  const sent: Outgoing[] = [];
  const ports = {
    bus: { send: async (_queue: string, all: readonly Outgoing[]) => void sent.push(...all) },
    content: new MemoryContent(),
    clock: { now: () => 1, sleep: () => Promise.resolve() },
    log: quiet,
  };
  const credentials = { user: 'azure-devops', passwords: [PASSWORD] };
  const authorization = `Basic ${Buffer.from(`azure-devops:${PASSWORD}`).toString('base64')}`;
  const body = buildCompleted({ build: '1' });
  const status = await receiveWebhook(
    ports,
    { credentials, subscriptions: [], accounts: [], ...rules },
    { authorization, subscription: null, traceparent: null, body, ...request },
  );
  return { status, read: sent.map(({ body: text }) => readIntakeMessage(JSON.parse(text)).intake.read) };
}

/** An event with other properties in its envelope; undefined takes one away. */
function eventWith(extra: Readonly<Record<string, unknown>>): { readonly body: string } {
  return { body: buildCompleted({ build: '1', extra }) };
}

const OTHER = '99999999-aaaa-4bbb-8ccc-000000000009';
const TAKEN = { status: 202, read: [{ event: expect.objectContaining({ build: '1' }) }] };
const ignored = (reason: string) => ({ status: 202, read: [{ ignored: reason }] });

describe('an event with the right password', () => {
  test('counts from wherever it is, where nothing is said', async () => {
    expect(await received({})).toEqual(TAKEN);
    expect(await received({}, eventWith({ subscriptionId: undefined }))).toEqual(TAKEN);
  });

  test('counts only from a subscription that is listed, where some are', async () => {
    const rules = { subscriptions: [SUBSCRIPTION] };
    expect(await received(rules)).toEqual(TAKEN);
    expect(await received(rules, eventWith({ subscriptionId: SUBSCRIPTION.toUpperCase() }))).toEqual(TAKEN);
    expect(await received(rules, eventWith({ subscriptionId: OTHER }))).toEqual(
      ignored(`subscription ${OTHER} is not one of ours`),
    );
    expect(await received(rules, eventWith({ subscriptionId: undefined }))).toEqual(
      ignored('the event does not say of which subscription it is, and only some are ours'),
    );
    const byHeader = { ...eventWith({ subscriptionId: undefined }), subscription: SUBSCRIPTION };
    expect(await received(rules, byHeader)).toEqual(TAKEN);
  });

  test('counts only from an organisation that is listed, where some are', async () => {
    const from = (account: object) => eventWith({ resourceContainers: { ...account, project: { id: 'p' } } });
    const rules = { accounts: [ACCOUNT] };
    expect(await received(rules)).toEqual(TAKEN);
    expect(await received(rules, from({ account: { id: ACCOUNT.toUpperCase() } }))).toEqual(TAKEN);
    expect(await received(rules, from({ account: { id: OTHER } }))).toEqual(
      ignored(`organisation ${OTHER} is not one of ours`),
    );
    expect(await received(rules, from({}))).toEqual(
      ignored('the event does not say of which organisation it is, and only some are ours'),
    );
  });
});

describe('the webhook', () => {
  test('answers 503 while its settings are wrong, and the log names the setting', async () => {
    const logged: string[] = [];
    const log = { error: (text: string) => void logged.push(text) };
    const wrong = new UnreadableInput(
      'settings: WEBHOOK_PASSWORDS: every password needs at least 16 characters',
    );
    expect(await orUnavailable(log, () => Promise.reject(wrong))).toEqual({ status: 503 });
    expect(logged).toEqual([expect.stringContaining('settings: WEBHOOK_PASSWORDS: every password needs')]);
    expect(await orUnavailable(log, () => Promise.resolve(202))).toEqual({ status: 202 });
  });
});
