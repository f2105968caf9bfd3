import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import { type KindWords, missing } from './securables.ts';

/** The words of each kind of securable, for messages and codes. */
export const WORDS = {
  CATALOG: { title: 'Catalog', exists: 'CATALOG_ALREADY_EXISTS' },
  SCHEMA: { title: 'Schema', exists: 'SCHEMA_ALREADY_EXISTS' },
  VOLUME: { title: 'Volume', exists: 'RESOURCE_ALREADY_EXISTS' },
  STORAGE_CREDENTIAL: { title: 'Storage Credential', exists: 'STORAGE_CREDENTIAL_ALREADY_EXISTS' },
  EXTERNAL_LOCATION: { title: 'External Location', exists: 'EXTERNAL_LOCATION_ALREADY_EXISTS' },
} as const satisfies Record<string, KindWords>;

type Kind = keyof typeof WORDS;
export type SecurableType = Kind | 'METASTORE';

/** A securable that exists, by type and full name. */
export interface Securable {
  type: SecurableType;
  name: string;
}

/** The securable of a path such as `catalog/main`; types are taken in either case. */
export function securableOf(context: DatabricksContext, type: string, name: string): Securable {
  const kind = type.toUpperCase().replaceAll('-', '_');
  if (kind === 'METASTORE') return { type: kind, name: context.state.metastoreId };
  if (!isKind(kind)) throw refusal('INVALID_PARAMETER_VALUE', `Securable type '${type}' is not known.`);
  if (!namesOf(context, kind).has(name.toLowerCase())) throw missing(WORDS[kind], name);
  return { type: kind, name: name.toLowerCase() };
}

/** The key under which grants and bindings of a securable are kept. */
export function keyOf({ type, name }: Securable): string {
  return `${type} ${name}`;
}

/** What a securable inherits privileges from, nearest first. */
export function parentsOf(context: DatabricksContext, { type, name }: Securable): Securable[] {
  const metastore: Securable = { type: 'METASTORE', name: context.state.metastoreId };
  const parts = name.split('.');
  const catalog: Securable = { type: 'CATALOG', name: parts[0] ?? name };
  const schema: Securable = { type: 'SCHEMA', name: parts.slice(0, 2).join('.') };
  switch (type) {
    case 'VOLUME':
      return [schema, catalog, metastore];
    case 'SCHEMA':
      return [catalog, metastore];
    case 'METASTORE':
      return [];
    default:
      return [metastore];
  }
}

/** Removes the grants and bindings of a securable that is gone. */
export function forget({ state }: DatabricksContext, securable: Securable): void {
  state.grants.delete(keyOf(securable));
  state.bindings.delete(keyOf(securable));
}

function namesOf({ state }: DatabricksContext, kind: Kind): ReadonlySet<string> {
  const stored = {
    CATALOG: state.catalogs,
    SCHEMA: state.schemas,
    VOLUME: state.volumes,
    STORAGE_CREDENTIAL: state.credentials,
    EXTERNAL_LOCATION: state.locations,
  };
  return new Set(stored[kind].keys());
}

function isKind(kind: string): kind is Kind {
  return kind in WORDS;
}
