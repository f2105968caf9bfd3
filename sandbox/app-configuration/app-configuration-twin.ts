import { realClock } from '../twin/clock.ts';
import type { Answer, TwinRequest } from '../twin/exchange.ts';
import type { Admitted, Problem, Twin, TwinSettings, Verdict } from '../twin/model.ts';
import { createTwin } from '../twin/twin.ts';
import { errorBody, type KeyValue } from './contract.ts';
import { type AccessKey, judgeSignature } from './hmac.ts';
import { settingRoutes } from './routes.ts';
import {
  type AppConfigurationState,
  labelOf,
  nameOf,
  problem,
  remove,
  type Store,
  syncToken,
  write,
} from './store.ts';

/** Settings of a store. Requests are let in by a signature of an access key, or by a bearer token that `acceptsToken` takes. */
export interface AppConfigurationSettings extends TwinSettings {
  accessKeys?: readonly AccessKey[];
  /** So long after a write it is not seen by reads that do not send the `Sync-Token` of the write. 0 by default. */
  replicaLagInMs?: number;
}

/** What a person may say of a setting besides its value. */
export interface HandSetting {
  label?: string;
  contentType?: string;
  tags?: Record<string, string>;
  locked?: boolean;
}

/** One store of Azure App Configuration. */
export interface AppConfigurationTwin extends Twin {
  /** A setting as it stands. */
  setting(key: string, label?: string): KeyValue | undefined;
  /** Changes a setting, as somebody would by hand. */
  putSetting(key: string, value: string, rest?: HandSetting): void;
  /** Removes a setting, as somebody would by hand. */
  removeSetting(key: string, label?: string): void;
}

/** The service says in this unit of its own how long to wait. */
const RETRY_AFTER_IN_MS = 40;
const VERSIONS = ['1.0', '2023-10-01', '2023-11-01', '2024-09-01'];

/** Builds one store. */
export function createAppConfigurationTwin(settings: AppConfigurationSettings = {}): AppConfigurationTwin {
  const { accessKeys = [], clock = realClock, replicaLagInMs: lagInMs = 0, acceptsToken, ...rest } = settings;
  const state: AppConfigurationState = { settings: new Map(), sequence: 0 };
  const replica = { lagInMs, settings: new Map<string, KeyValue>(), sequence: 0, writtenAt: 0 };
  const store: Store = { state, clock, replica };
  const anyone: Verdict = { ok: true, principal: 'twin-user' };
  const nobody: Verdict = { ok: false, why: 'no credential was sent' };
  const judge = (token: string | undefined, request: TwinRequest) =>
    judgeSignature(request, accessKeys, clock.now()) ??
    acceptsToken?.(token, request) ??
    (accessKeys.length === 0 ? anyone : nobody);
  const twin = createTwin({
    ...rest,
    clock,
    acceptsToken: judge,
    name: 'app-configuration',
    state,
    errorBody,
    wordError,
    headersOf: () => syncToken(state.sequence),
    around: async (admitted, serve) => refusalOf(admitted) ?? serve(),
    routes: settingRoutes(store),
  });
  return {
    ...twin,
    setting: (key, label) => state.settings.get(nameOf(key, labelOf(label))),
    putSetting: (
      key,
      value,
      { label, contentType: content_type = null, tags = {}, locked = false }: Hand = {},
    ) => void write(store, { key, label: labelOf(label), content_type, value, tags, locked }),
    removeSetting: (key, label) => remove(store, { key, label: labelOf(label) }),
  };
}

type Hand = Omit<HandSetting, 'contentType'> & { contentType?: string | null };

function refusalOf({ request }: Admitted): Answer | undefined {
  const version = new URL(request.url, 'http://twin.invalid').searchParams.get('api-version') ?? '';
  if (VERSIONS.includes(version)) return undefined;
  return problem(400, 'Invalid request parameter api-version', `The version '${version}' is not supported.`);
}

function wordError({ kind, status, why }: Problem): Answer {
  const answer = problem(
    status,
    kind === 'throttled' ? 'Resource utilization has surpassed the assigned quota' : kind,
    why,
  );
  if (kind === 'throttled' || status === 503)
    return { ...answer, headers: { ...answer.headers, 'retry-after-ms': String(RETRY_AFTER_IN_MS) } };
  if (kind !== 'unauthenticated') return answer;
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'www-authenticate': `HMAC-SHA256 error="invalid_token" error_description="${why}", Bearer`,
    },
  };
}
