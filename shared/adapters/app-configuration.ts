import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import * as z from 'zod';
import type {
  AppConfigurationClient,
  Setting,
  SettingContent,
  SettingPlace,
} from '../engine/app-configuration-client.ts';
import type { Clock } from '../engine/ports.ts';
import { Refusal, TransientFailure } from '../errors.ts';
import { storeAt } from './app-configuration-place.ts';
import type { HostLimits, Limit } from './host-limit.ts';
import type { Http, HttpRequest, HttpResponse } from './http.ts';
import { createHttp, segment } from './http.ts';
import { HttpError } from './http-error.ts';
import { SyncTokens } from './sync-tokens.ts';

const VERSION = { 'api-version': '1.0' };
/** A store takes 30,000 requests an hour; a release makes a few dozen. */
const STORE_LIMIT: Limit = { requestsPerSecond: 10, inFlight: 5, burst: 20 };
const MOST_PAGES = 100;
const SETTING = 'application/vnd.microsoft.appconfig.kv+json';
const ACCEPT = {
  accept: `${SETTING}, application/vnd.microsoft.appconfig.kvset+json, application/problem+json`,
};

const settingShape = z.object({
  etag: z.string(),
  key: z.string(),
  label: z.string().nullish(),
  content_type: z.string().nullish(),
  value: z.string().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  locked: z.boolean(),
  last_modified: z.string(),
});

const pageShape = z.object({ items: z.array(settingShape), '@nextLink': z.string().nullish() });

export interface AppConfigurationOptions {
  /** Origin of the store, e.g. `https://appcs-parking-sensors-dev.azconfig.io`. */
  readonly endpoint: string;
  readonly credential: TokenCredential | null;
  readonly clock: Clock;
  readonly limits: HostLimits;
  readonly httpClient?: HttpClient;
}

/**
 * Makes the client of one store. The official client is not used: it insists on https and hides whether a write was
 * ours when its answer was lost.
 * @throws Refusal when the address is no store: our token must not go anywhere else.
 */
export function createAppConfigurationClient(options: AppConfigurationOptions): AppConfigurationClient {
  const { origin: endpoint, scope } = storeAt(options.endpoint);
  const { credential, clock, limits, httpClient } = options;
  const http = createHttp({
    baseUrl: endpoint,
    credential,
    scope,
    clock,
    limits: { of: limits, limit: STORE_LIMIT },
    headers: { 'user-agent': 'slipway', ...ACCEPT },
    ...(httpClient === undefined ? {} : { httpClient }),
  });
  const ask = askerOf(http, endpoint);
  const get = (place: SettingPlace) => find(ask, place);
  return {
    endpoint,
    list: (keyPrefix, label) => listAll(ask, keyPrefix, label),
    get,
    put: (place, content, etag) => write({ ask, get }, { place, content, etag }),
    async remove(place, etag) {
      const headers = { 'if-match': quoted(etag) };
      const answer = await ask({ method: 'DELETE', ...at(place), headers }, conflict);
      if (answer !== 'conflict') return 'done';
      const there = await get(place);
      if (there === null) return 'done';
      return there.locked ? 'locked' : 'changed';
    },
  };
}

/** Sends; an error that `known` has an answer for is that answer, all others are thrown in our classes. */
type Ask = <Known = never>(
  request: HttpRequest,
  known?: (error: HttpError) => Known | undefined,
) => Promise<HttpResponse | Known>;

function askerOf(http: Http, endpoint: string): Ask {
  const tokens = new SyncTokens();
  return async (request, known) => {
    try {
      const response = await http.send({ ...request, headers: { ...tokens.headers(), ...request.headers } });
      tokens.take(response.headers['sync-token']);
      return response;
    } catch (error) {
      // Who is told that something else stands there must see it at the next look.
      if (error instanceof HttpError) tokens.take(error.headers['sync-token']);
      const answer = error instanceof HttpError ? known?.(error) : undefined;
      if (answer !== undefined) return answer;
      throw failureOf(error, endpoint);
    }
  };
}

/** What was seen is not there any more, or somebody locked it. */
function conflict({ status }: HttpError): 'conflict' | undefined {
  return status === 412 || status === 409 ? 'conflict' : undefined;
}

function at({ key, label }: SettingPlace): Pick<HttpRequest, 'path' | 'query'> {
  return { path: `/kv/${segment(key)}`, query: { ...VERSION, label: label ?? undefined } };
}

function quoted(etag: string): string {
  return `"${etag}"`;
}

async function find(ask: Ask, place: SettingPlace): Promise<Setting | null> {
  const answer = await ask({ method: 'GET', ...at(place) }, ({ status }) =>
    status === 404 ? 'none' : undefined,
  );
  return answer === 'none' ? null : toSetting(settingShape.parse(answer.json()));
}

/** Every page; the link to the next one is only asked for its mark, never followed. */
async function listAll(ask: Ask, keyPrefix: string, label: string | null): Promise<Setting[]> {
  const filter = { key: `${escaped(keyPrefix)}*`, label: label === null ? '\0' : escaped(label) };
  const settings: Setting[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { ...VERSION, ...filter, ...(after === null ? {} : { after }) };
    const answer = await ask({ method: 'GET', path: '/kv', query });
    const { items, '@nextLink': next } = pageShape.parse(answer.json());
    settings.push(...items.map(toSetting));
    after = next == null ? null : new URL(next, 'https://next.invalid').searchParams.get('after');
    if (after === null) return settings;
  }
  throw new TransientFailure(`there are too many settings ${keyPrefix}* to list`);
}

/** `*`, `,` and the backslash mean something in filters. */
function escaped(text: string): string {
  return text.replaceAll(/[\\*,]/g, '\\$&');
}

interface Write {
  readonly place: SettingPlace;
  readonly content: SettingContent;
  readonly etag: string | null;
}

async function write(
  { ask, get }: { readonly ask: Ask; readonly get: AppConfigurationClient['get'] },
  { place, content, etag }: Write,
): Promise<Setting | 'changed' | 'locked'> {
  const guard = etag === null ? { 'if-none-match': '*' } : { 'if-match': quoted(etag) };
  const { value, contentType, tags } = content;
  const answer = await ask(
    {
      method: 'PUT',
      ...at(place),
      headers: { ...guard, 'content-type': SETTING },
      json: { value, content_type: contentType, tags },
    },
    conflict,
  ).catch((error: unknown) => (error instanceof TransientFailure ? error : Promise.reject(error)));
  if (!(answer instanceof TransientFailure) && answer !== 'conflict')
    return toSetting(settingShape.parse(answer.json()));
  // It may have been written by a try whose answer was lost: the next one then finds a setting that it did not expect.
  const there = await get(place);
  if (there !== null && holds(there, content)) return there;
  if (answer instanceof TransientFailure) throw answer;
  return there?.locked ? 'locked' : 'changed';
}

/** Whether a setting has exactly this content. */
function holds(setting: SettingContent, { value, contentType, tags }: SettingContent): boolean {
  const names = Object.keys({ ...setting.tags, ...tags });
  return (
    setting.value === value &&
    setting.contentType === contentType &&
    names.every((name) => setting.tags[name] === tags[name])
  );
}

function toSetting(read: z.infer<typeof settingShape>): Setting {
  const { key, label = null, value = null, content_type: contentType = null, tags, etag, locked } = read;
  const modifiedAt = Date.parse(read.last_modified);
  return { key, label, value, contentType, tags: tags ?? {}, etag, locked, modifiedAt };
}

function failureOf(error: unknown, endpoint: string): unknown {
  if (!(error instanceof HttpError)) return error;
  const { status, message } = error;
  if (status === 403)
    return new Refusal(
      `${endpoint} does not allow this to Slipway's identity. Give it the role App Configuration Data Owner on the ` +
        `store, and see that the store's firewall lets it in: ${message}`,
    );
  if (status === 401) return new TransientFailure(`${endpoint} does not accept Slipway's token: ${message}`);
  if (status >= 500 || status === 429 || status === 408) return new TransientFailure(message);
  return new Refusal(`App Configuration refuses: ${message}`);
}
