import {
  type AzureDevOps,
  type AzureDevOpsSettings,
  createAzureDevOps,
} from '../../../sandbox/azure-devops/azure-devops.ts';
import { createChance } from '../../../sandbox/twin/chance.ts';
import type { TwinResponse } from '../../../sandbox/twin/exchange.ts';

export const START = Date.parse('2026-11-22T08:00:00Z');
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** A clock that a test moves by hand. */
export function createTestClock() {
  const clock = {
    time: START,
    now: () => clock.time,
    sleep: async (durationInMs: number) => {
      clock.time += durationInMs;
    },
  };
  return clock;
}

/** What a subscriber was sent, and what it answers next. */
export interface Received {
  url: string;
  headers: Record<string, string>;
  body: string;
  at: number;
}

/** A twin with one project, some people, a clock, and a subscriber that answers as a test tells it. */
export function createOrganization(settings: AzureDevOpsSettings = {}) {
  const clock = createTestClock();
  const received: Received[] = [];
  const messages: { queueName: string; body: Uint8Array; contentType: string }[] = [];
  const answers: (number | Error)[] = [];
  const twin = createAzureDevOps({
    clock,
    chance: createChance(1),
    organization: 'contoso',
    acceptsToken: (token) =>
      token === 'bad' || token === undefined
        ? { ok: false, why: 'bad token' }
        : { ok: true, principal: token },
    senders: {
      fetch: async (input, init) => {
        const headers = Object.fromEntries(new Headers(init?.headers));
        received.push({ url: String(input), headers, body: String(init?.body), at: clock.time });
        const answer = answers.shift() ?? 202;
        if (answer instanceof Error) throw answer;
        return new Response('', { status: answer });
      },
      send: async (queueName, body, contentType) => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        messages.push({ queueName, body, contentType });
      },
    },
    ...settings,
  });
  twin.addProject('parking');
  for (const displayName of ['Ada Example', 'Bob Example', 'Cora Example']) twin.addPerson({ displayName });
  return { twin, clock, received, messages, answers };
}

interface Options {
  body?: unknown;
  /** Who asks: the token is the name. */
  as?: string;
  headers?: Record<string, string>;
  version?: string;
}

/** One request to the service; `path` begins behind the organisation, without api-version. */
export async function ask(twin: AzureDevOps, method: string, path: string, options: Options = {}) {
  const { body, as = 'Slipway', headers = {}, version = '7.1' } = options;
  const url = `/contoso/${path}${path.includes('?') ? '&' : '?'}api-version=${version}`;
  const response = await twin.service.handle({
    method,
    url,
    headers: { authorization: `Bearer ${as}`, 'x-tfs-fedauthredirect': 'Suppress', ...headers },
    body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
  });
  return { ...response, json: readJson(response) };
}

/** The body as JSON; `undefined` when it is none. */
export function readJson({ body, headers }: TwinResponse): unknown {
  if (!(headers['content-type'] ?? '').includes('json')) return undefined;
  return JSON.parse(
    Buffer.from(body)
      .toString('utf8')
      .replace(/^\uFEFF/, ''),
  );
}

/** The value at a path like `value.0.id`; `undefined` where there is none. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => Object(inner)[name], value);
}

/** Makes a Web Hooks subscription for the test's subscriber; answers its id. */
export async function subscribe(twin: AzureDevOps, eventType: string, changes: Record<string, unknown> = {}) {
  const publisherId = eventType.startsWith('ms.') ? 'pipelines' : 'tfs';
  const version = eventType.startsWith('ms.') ? '5.1-preview.1' : '1.0';
  const { json } = await ask(twin, 'POST', '_apis/hooks/subscriptions', {
    body: {
      publisherId,
      eventType,
      resourceVersion: eventType === 'build.complete' ? '2.0' : version,
      consumerId: 'webHooks',
      consumerActionId: 'httpRequest',
      publisherInputs: {},
      consumerInputs: { url: 'https://hooks.example/azure-devops' },
      ...changes,
    },
  });
  return String(at(json, 'id'));
}

/** A small build of the pipeline `ci-artifacts`. */
export function smallBuild(changes: Record<string, unknown> = {}) {
  return {
    project: 'parking',
    definition: 'ci-artifacts',
    commit: COMMIT,
    requestedFor: 'Bob Example',
    artifacts: { notebooks: { 'bronze/01_ingest.py': 'print(1)\n' } },
    ...changes,
  };
}
