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
import { twinHttpClient } from './twin-http-client.ts';

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
