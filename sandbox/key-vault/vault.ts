import type { Chance } from '../twin/chance.ts';
import type { Clock } from '../twin/clock.ts';
import { badParameter, deletedButRecoverable, disabled, notFound } from './errors.ts';
import type { KeyVaultState, Secret, SecretVersion } from './state.ts';

/** What routes work with. */
export interface Vault {
  state: KeyVaultState;
  clock: Clock;
  chance: Chance;
}

/** What a caller may say of a version besides its value. */
export interface Details {
  contentType?: string | undefined;
  tags?: Record<string, string> | undefined;
  attributes?:
    | { enabled?: boolean | undefined; nbf?: number | undefined; exp?: number | undefined }
    | undefined;
}

const MAX_VALUE_BYTES = 25_600;
const MAX_TAGS = 15;

/** The secret of a name; throws the refusal that its absence is answered with. */
export function secretOf({ state }: Vault, name: string): Secret {
  const secret = state.secrets.get(name.toLowerCase());
  if (!secret || secret.deletedAt !== undefined) throw notFound(name);
  return secret;
}

/** A deleted secret that is not purged; throws the refusal that its absence is answered with. */
export function deletedSecretOf({ state }: Vault, name: string): Secret {
  const secret = state.secrets.get(name.toLowerCase());
  if (secret?.deletedAt === undefined) throw notFound(name);
  return secret;
}

/** A version of a secret, the newest when none is named. */
export function versionOf(secret: Secret, version?: string): SecretVersion {
  const found =
    version === undefined
      ? secret.versions.at(-1)
      : secret.versions.find((one) => one.version === version.toLowerCase());
  if (!found) throw notFound(`${secret.name}/${version ?? ''}`);
  return found;
}

/** A version whose value may be read. */
export function readableVersionOf(secret: Secret, version?: string): SecretVersion {
  const found = versionOf(secret, version);
  if (!found.enabled) throw disabled();
  return found;
}

/** Adds a version, also when the value is the same; the secret is made if need be. */
export function addVersion(
  vault: Vault,
  name: string,
  { value, ...details }: Details & { value: string },
): Secret {
  refuseBadSecret(name, value);
  const key = name.toLowerCase();
  const secret = vault.state.secrets.get(key) ?? { name, versions: [] };
  if (secret.deletedAt !== undefined) throw deletedButRecoverable(name);
  const now = Math.floor(vault.clock.now() / 1000);
  const version = {
    version: vault.chance.uuid().replaceAll('-', ''),
    value,
    enabled: true,
    created: now,
    updated: now,
  };
  secret.versions.push(withDetails(version, details));
  vault.state.secrets.set(key, secret);
  return secret;
}

/** Changes what is said of a version; its value never changes. */
export function changeVersion(
  vault: Vault,
  secret: Secret,
  { version, details }: { version: SecretVersion; details: Details },
): SecretVersion {
  const changed = { ...withDetails(version, details), updated: Math.floor(vault.clock.now() / 1000) };
  secret.versions = secret.versions.map((one) => (one === version ? changed : one));
  return changed;
}

function withDetails(version: SecretVersion, { contentType, tags, attributes }: Details): SecretVersion {
  if (tags && Object.keys(tags).length > MAX_TAGS)
    throw badParameter('Property tags has more than 15 entries.');
  const { enabled, nbf, exp } = attributes ?? {};
  return {
    ...version,
    ...(contentType !== undefined && { contentType }),
    ...(tags && { tags }),
    ...(enabled !== undefined && { enabled }),
    ...(nbf !== undefined && { nbf }),
    ...(exp !== undefined && { exp }),
  };
}

function refuseBadSecret(name: string, value: string): void {
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name))
    throw badParameter(`The request URI contains an invalid name: ${name}`);
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES)
    throw badParameter('The secret value is larger than 25k bytes.');
}
