import type { SecurableKind } from '../../engine/databricks-client.ts';

/** What has to be there before what. */
const KINDS: readonly SecurableKind[] = [
  'storage-credential',
  'external-location',
  'catalog',
  'schema',
  'volume',
];

/** Makes a securable or changes its settings. */
export function phaseOf(kind: SecurableKind): number {
  return KINDS.indexOf(kind);
}

/** Grants of the file come when all is there. */
export const GRANTS = KINDS.length;
/** A rollback comes back to what was when all that the file says is so. */
export const FORMER_GRANTS = GRANTS + 1;

/** Gives a securable away. Who does may lose the rights on it and on all below it: so last, and from below. */
export function phaseOfOwner(kind: SecurableKind): number {
  return FORMER_GRANTS + KINDS.length - phaseOf(kind);
}
