import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import { missing } from './securables.ts';
import { catalogShelf, credentialShelf, locationShelf, schemaShelf, volumeShelf } from './shelves.ts';

const SHELVES = {
  CATALOG: catalogShelf,
  SCHEMA: schemaShelf,
  VOLUME: volumeShelf,
  STORAGE_CREDENTIAL: credentialShelf,
  EXTERNAL_LOCATION: locationShelf,
};

type Kind = keyof typeof SHELVES;
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
  const { stored, title } = SHELVES[kind](context);
  if (!stored.has(name.toLowerCase())) throw missing(title, name);
  return { type: kind, name: name.toLowerCase() };
}

/** Who owns a securable; undefined when there is none of this name. */
export function ownerOf(context: DatabricksContext, { type, name }: Securable): string | undefined {
  if (type === 'METASTORE') return context.options.metastoreOwner ?? 'account-admins';
  return SHELVES[type](context).stored.get(name)?.info.owner;
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

function isKind(kind: string): kind is Kind {
  return kind in SHELVES;
}
