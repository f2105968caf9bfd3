import * as z from 'zod';
import type {
  AppConfigurationSettings,
  AppConfigurationTwin,
} from '../../sandbox/app-configuration/app-configuration-twin.ts';
import { createAppConfigurationTwin } from '../../sandbox/app-configuration/app-configuration-twin.ts';
import { createChance } from '../../sandbox/twin/chance.ts';
import { createAppConfigurationClient } from '../../shared/adapters/app-configuration.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import type { AppConfigurationClient } from '../../shared/engine/app-configuration-client.ts';
import type { Clock } from '../../shared/engine/ports.ts';
import type { NewWorld, World } from './step-runner.ts';
import { newWorld } from './step-runner.ts';
import { twinHttpClient } from './twin-http-client.ts';
import { newClock } from './virtual-time.ts';

export const STORE = 'https://appcs-parking-sensors-dev.azconfig.io';

/** A store in the given time. */
export function appConfigurationTwin(
  clock: Clock,
  settings: AppConfigurationSettings = {},
): AppConfigurationTwin {
  const twinClock = { now: () => clock.now(), sleep: (timeInMs: number) => clock.sleep(timeInMs) };
  return createAppConfigurationTwin({ clock: twinClock, chance: createChance(11), ...settings });
}

/** Our client of the store. */
export function appConfigurationClient(
  twin: AppConfigurationTwin,
  clock: Clock,
  endpoint = STORE,
): AppConfigurationClient {
  const httpClient = twinHttpClient({ [STORE]: twin });
  return createAppConfigurationClient({
    endpoint,
    credential: null,
    clock,
    limits: new HostLimits(clock),
    httpClient,
  });
}

/** A world whose environment prod has a store, and whose release has feature flags. */
export interface FlagWorld {
  readonly world: World;
  readonly store: AppConfigurationTwin;
  /** Makes the next release: its flags, and the run that brings it. */
  release(name: string, flags: readonly object[] | null): void;
  /** Goes back to the flags of an earlier release. */
  rollBackTo(name: string): void;
  flag(id: string): ReturnType<AppConfigurationTwin['setting']>;
  /** Changes a flag as somebody would in the portal: tags stay. */
  byHand(id: string, change: (value: FlagValue) => object): void;
}

export interface FlagValue {
  readonly enabled: boolean;
  readonly description: string;
  readonly conditions: { readonly client_filters: readonly unknown[] };
}

export const KEY = '.appconfig.featureflag/';
export const LABEL = 'prod';

/** Steps of 10, 50 and 100 percent, half an hour and an hour long. */
export const ROLLOUT = {
  default: [{ percentage: 100 }],
  prod: [
    { percentage: 10, wait_in_minutes: 30 },
    { percentage: 50, wait_in_minutes: 60 },
    { percentage: 100 },
  ],
};

export const FORECAST = { id: 'forecast', description: 'Shows it', enabled: true, rollout: ROLLOUT };

/** Makes the world; the step is to be given the input `gradual` there. */
export function flagWorld(settings: AppConfigurationSettings = {}, rest: NewWorld = {}): FlagWorld {
  const clock = rest.clock ?? newClock();
  const store = appConfigurationTwin(clock, settings);
  const subscription = '11111111-1111-4111-8111-111111111111';
  const other = (key: string) => ({ key, subscription, variables: {}, secrets: {} });
  const world = newWorld({
    environment: 'production',
    stage: 'production',
    input: { gradual: true },
    others: { dev: other('dev'), staging: other('stg') },
    ...rest,
    clock,
    clients: {
      appConfiguration: (endpoint) => appConfigurationClient(store, clock, endpoint),
      ...rest.clients,
    },
    values: { key: LABEL, variables: { appConfigurationEndpoint: STORE, ...rest.values?.variables } },
  });
  const files = new Map<string, string | null>();
  const use = (name: string, run: string, kind: World['kind']) => {
    const file = files.get(name) ?? null;
    Object.assign(world, { run, release: name, kind });
    world.artifacts = {
      ...world.artifacts,
      'databricks-config': file === null ? { 'other.json': '{}' } : { 'feature-flags.json': file },
    };
  };
  const flag = (id: string) => store.setting(`${KEY}${id}`, LABEL);
  return {
    world,
    store,
    release(name, flags) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the form of a reference in a file of a project
      const file = { endpoint: '${appConfigurationEndpoint}', feature_flags: flags };
      files.set(name, flags === null ? null : JSON.stringify(file));
      use(name, name, 'release');
    },
    rollBackTo: (name) => use(name, `rollback-to-${name}-${clock.now()}`, 'rollback'),
    flag,
    byHand(id, change) {
      const { value, tags = {}, content_type } = flag(id) ?? {};
      const changed = JSON.stringify(change(JSON.parse(value ?? 'null')), null, 2);
      store.putSetting(`${KEY}${id}`, changed, {
        label: LABEL,
        tags,
        ...(content_type == null ? {} : { contentType: content_type }),
      });
    },
  };
}

/** The share of everybody that a flag is on for; `off`, or `none` where there is no such flag. */
export function shareOf({ flag }: Pick<FlagWorld, 'flag'>, id: string): number | 'on' | 'off' | 'none' {
  const setting = flag(id);
  if (setting === undefined) return 'none';
  const read = flagShape.parse(JSON.parse(setting.value ?? 'null'));
  if (!read.enabled) return 'off';
  return read.conditions.client_filters[0]?.parameters.Audience.DefaultRolloutPercentage ?? 'on';
}

const flagShape = z.object({
  enabled: z.boolean(),
  conditions: z.object({
    client_filters: z.array(
      z.object({
        name: z.literal('Microsoft.Targeting'),
        parameters: z.object({ Audience: z.object({ DefaultRolloutPercentage: z.number() }) }),
      }),
    ),
  }),
});

/** Requests that changed something, whatever came of them. */
export function flagWrites(store: AppConfigurationTwin): number {
  return store.log.requests().filter(({ method }) => method !== 'GET').length;
}
