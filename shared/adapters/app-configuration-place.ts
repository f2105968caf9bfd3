import { Refusal } from '../errors.ts';

/**
 * Names of stores in Azure's public, government and China clouds, each with what a token for them is asked for
 * (App Configuration, "Microsoft Entra authentication": the audience is that of the cloud, not of the store).
 */
const CLOUDS: readonly { readonly host: RegExp; readonly audience: string }[] = [
  { host: /\.(azconfig\.io|appconfig\.azure\.com)$/, audience: 'https://appconfig.azure.com' },
  { host: /\.(azconfig|appconfig)\.azure\.us$/, audience: 'https://appconfig.azure.us' },
  { host: /\.(azconfig|appconfig)\.azure\.cn$/, audience: 'https://appconfig.azure.cn' },
];
const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Where a store is, and the scope of tokens for it. Servers on this machine count as stores of the public cloud. */
export interface StorePlace {
  readonly origin: string;
  readonly scope: string;
}

/**
 * Checks the address of a store.
 * @throws Refusal when it is none.
 */
export function storeAt(endpoint: string): StorePlace {
  if (/secret=/i.test(endpoint))
    throw new Refusal(
      'The endpoint of feature-flags.json is a connection string, which holds a secret. Give the address of the ' +
        'store alone, such as https://appcs-parking-sensors-dev.azconfig.io: Slipway uses its identity.',
    );
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const isHere = url !== null && LOOPBACK_HOST.test(url.hostname);
  const cloud = CLOUDS.find(({ host }) => url?.protocol === 'https:' && host.test(url.hostname));
  const audience = cloud?.audience ?? (isHere ? CLOUDS[0]?.audience : undefined);
  if (url !== null && audience !== undefined) return { origin: url.origin, scope: `${audience}/.default` };
  throw new Refusal(
    `The endpoint of feature-flags.json is "${endpoint}", which is no address of an App Configuration store. ` +
      'It should look like https://appcs-parking-sensors-dev.azconfig.io.',
  );
}
