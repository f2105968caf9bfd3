import type { Secret, SecretVersion } from './state.ts';

/** Days for which a deleted secret can be recovered. */
const RECOVERABLE_DAYS = 90;

/** A secret in a list: its newest version without the version in its id. */
export function describeItem(origin: string, { name }: Secret, version: SecretVersion) {
  return { ...describeVersion(origin, name, version), id: `${origin}/secrets/${name}` };
}

/** A version of a secret without its value. */
export function describeVersion(origin: string, name: string, secret: SecretVersion) {
  const { version, contentType, tags, enabled, nbf, exp, created, updated } = secret;
  return {
    id: `${origin}/secrets/${name}/${version}`,
    attributes: {
      enabled,
      ...(nbf !== undefined && { nbf }),
      ...(exp !== undefined && { exp }),
      created,
      updated,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: RECOVERABLE_DAYS,
    },
    ...(contentType !== undefined && { contentType }),
    ...(tags && { tags }),
  };
}

/** A deleted secret, with where and until when it can be recovered. */
export function describeDeleted(origin: string, secret: Secret, version: SecretVersion) {
  const deletedDate = secret.deletedAt ?? 0;
  return {
    ...describeItem(origin, secret, version),
    recoveryId: `${origin}/deletedsecrets/${secret.name}`,
    deletedDate,
    scheduledPurgeDate: deletedDate + RECOVERABLE_DAYS * 86_400,
  };
}
