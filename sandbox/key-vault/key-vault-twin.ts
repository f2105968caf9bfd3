import { createChance } from '../twin/chance.ts';
import { realClock } from '../twin/clock.ts';
import type { Answer } from '../twin/exchange.ts';
import type { Admitted, Twin, TwinSettings } from '../twin/model.ts';
import type { Limit } from '../twin/rate-limit.ts';
import { createTwin } from '../twin/twin.ts';
import { errorBody } from './contract.ts';
import { createWords, errorAnswer, forbidden } from './errors.ts';
import { deletionRoutes, secretRoutes } from './routes.ts';
import type { KeyVaultState } from './state.ts';
import { addVersion, type Details, type Vault } from './vault.ts';

/** Settings of a vault. */
export interface KeyVaultSettings extends TwinSettings {
  tenantId?: string;
  /** Secrets that are there from the beginning. */
  secrets?: Readonly<Record<string, string>>;
  /** Whether a principal may use an operation (`GetSecret`) of this path; everyone may by default. */
  permits?: (principal: string, operation: string, path: string) => boolean;
}

/** One vault of Azure Key Vault, with secrets only. */
export interface KeyVaultTwin extends Twin {
  /** Adds a version of a secret, as somebody would by hand. Throws a refusal for a bad name. */
  setSecret(name: string, value: string, details?: Details): void;
  /** The value of a secret that is there, whether enabled or not. */
  secretValue(name: string, version?: string): string | undefined;
}

const DEFAULT_TENANT = '7f58f645-c190-4ce5-9de4-e2b7acd2a6ab';
const VERSIONS = ['7.4', '7.5', '7.6', '2025-07-01', '2026-04-01'];

/** Of one vault in ten seconds: 300 new secrets, 4,000 other requests. */
const LIMITS: readonly Limit[] = [
  { match: 'SetSecret', requestsPerSecond: 30, burst: 300 },
  {
    match: 'Get*|UpdateSecret|DeleteSecret|PurgeDeletedSecret|RecoverDeletedSecret',
    requestsPerSecond: 400,
    burst: 4000,
  },
];

/** Builds one vault. */
export function createKeyVaultTwin(settings: KeyVaultSettings = {}): KeyVaultTwin {
  const { tenantId = DEFAULT_TENANT, secrets = {}, permits = () => true, ...rest } = settings;
  const { clock = realClock, chance = createChance() } = settings;
  const state: KeyVaultState = { secrets: new Map() };
  const vault: Vault = { state, clock, chance };
  for (const [name, value] of Object.entries(secrets)) addVersion(vault, name, { value });
  const twin = createTwin({
    limits: LIMITS,
    ...rest,
    clock,
    chance,
    name: 'key-vault',
    state,
    ignorePathCase: true,
    errorBody,
    wordError: createWords(tenantId),
    headersOf: () => ({
      'x-ms-keyvault-region': 'westeurope',
      'x-ms-keyvault-service-version': '1.9.2500.1',
      'x-ms-request-id': chance.uuid(),
    }),
    around: async (admitted, serve) => refusalOf(admitted, permits) ?? serve(),
    routes: [...secretRoutes(vault), ...deletionRoutes(vault)],
  });
  return {
    ...twin,
    setSecret: (name, value, details = {}) => void addVersion(vault, name, { ...details, value }),
    secretValue: (name, version) => {
      const secret = state.secrets.get(name.toLowerCase());
      if (!secret || secret.deletedAt !== undefined) return undefined;
      const { versions } = secret;
      return (version === undefined ? versions.at(-1) : versions.find((one) => one.version === version))
        ?.value;
    },
  };
}

function refusalOf(
  { request, operation, principal }: Admitted,
  permits: NonNullable<KeyVaultSettings['permits']>,
): Answer | undefined {
  const url = new URL(request.url, 'http://twin.invalid');
  const version = url.searchParams.get('api-version') ?? '';
  if (!VERSIONS.includes(version)) {
    const message = `The specified version (${version}) is not recognized. Consider using the latest supported version (7.6).`;
    return errorAnswer(400, { code: 'BadParameter', message });
  }
  return permits(principal, operation, url.pathname) ? undefined : forbidden(principal, operation);
}
