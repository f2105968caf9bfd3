import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import * as z from 'zod';
import type { KeyVaultClient, SecretVersion } from '../engine/key-vault-client.ts';
import type { Clock } from '../engine/ports.ts';
import { Refusal, TransientFailure } from '../errors.ts';
import type { HostLimits, Limit } from './host-limit.ts';
import type { Http } from './http.ts';
import { createHttp, segment } from './http.ts';
import { HttpError } from './http-error.ts';

const SCOPE = 'https://vault.azure.net/.default';
const API_VERSION = '7.5';
/** Far below the 4,000 requests in ten seconds that a vault takes. */
const KEY_VAULT_LIMIT: Limit = { requestsPerSecond: 50, inFlight: 10, burst: 50 };
const MOST_PAGES = 100;

const versions = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      attributes: z.object({
        enabled: z.boolean(),
        created: z.number(),
        nbf: z.number().optional(),
        exp: z.number().optional(),
      }),
    }),
  ),
  nextLink: z.string().nullish(),
});

type Listed = z.infer<typeof versions>['value'][number];

export interface KeyVaultOptions {
  readonly vault: string;
  /** `{vault}` stands for the vault's name. */
  readonly keyVaultUrl: string;
  readonly credential: TokenCredential | null;
  readonly clock: Clock;
  readonly limits: HostLimits;
  readonly httpClient?: HttpClient;
}

/**
 * Makes the client of one vault. It lists the versions of a secret, which never tells a value, and needs the role
 * Key Vault Reader only. The official client is not used: it insists on https and on hosts of Azure, and we need
 * one request.
 */
export function createKeyVaultClient(options: KeyVaultOptions): KeyVaultClient {
  const { vault, keyVaultUrl, credential, clock, limits, httpClient } = options;
  if (!/^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/.test(vault))
    throw new Refusal(`"${vault}" cannot be the name of a key vault.`);
  const http = createHttp({
    baseUrl: keyVaultUrl.replace('{vault}', vault),
    credential,
    scope: SCOPE,
    clock,
    limits: { of: limits, limit: KEY_VAULT_LIMIT },
    headers: { 'user-agent': 'slipway' },
    ...(httpClient === undefined ? {} : { httpClient }),
  });
  return {
    vault,
    async newestVersion(secret) {
      if (!/^[0-9a-zA-Z-]{1,127}$/.test(secret)) return null;
      const listed = await listVersions(http, secret).catch((error: unknown) => {
        if (error instanceof HttpError && error.status === 404) return [];
        throw failureOf(error, vault);
      });
      return newestOf(listed, clock.now());
    },
  };
}

/** All versions; a link to the next page is only asked for its mark, never followed. */
async function listVersions(http: Http, secret: string): Promise<Listed[]> {
  const listed: Listed[] = [];
  let mark: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const response = await http.send({
      method: 'GET',
      path: `/secrets/${segment(secret)}/versions`,
      query: { 'api-version': API_VERSION, ...(mark === null ? {} : { $skiptoken: mark }) },
    });
    const { value, nextLink } = versions.parse(response.json());
    listed.push(...value);
    mark = nextLink == null ? null : new URL(nextLink).searchParams.get('$skiptoken');
    if (mark === null) return listed;
  }
  throw new TransientFailure(`the secret ${secret} has too many versions to list`);
}

/** Key Vault lists versions in no promised order. Of two that were made in one second the later in the list counts. */
function newestOf(listed: readonly Listed[], now: number): SecretVersion | null {
  const newest = listed.reduce<Listed | null>(
    (best, its) => (best === null || its.attributes.created >= best.attributes.created ? its : best),
    null,
  );
  if (newest === null) return null;
  const version = newest.id.slice(newest.id.lastIndexOf('/') + 1);
  return { version, unusable: whyUnusable(newest.attributes, now / 1000) };
}

function whyUnusable({ enabled, nbf, exp }: Listed['attributes'], now: number): string | null {
  if (!enabled) return 'disabled';
  if (exp !== undefined && exp <= now) return 'expired';
  return nbf !== undefined && nbf > now ? 'not valid yet' : null;
}

function failureOf(error: unknown, vault: string): unknown {
  if (!(error instanceof HttpError)) return error;
  const { status, message } = error;
  if (status === 403)
    return new Refusal(
      `The key vault ${vault} does not let Slipway's identity look at its secrets. Give it the role Key Vault Reader ` +
        `on the vault, and see that the vault's firewall lets it in: ${message}`,
    );
  return new TransientFailure(`The key vault ${vault} does not answer as it should: ${message}`);
}
