import type { DatabricksContext } from './context.ts';
import type { ErrorCode } from './errors.ts';
import type { CatalogInfo, CredentialInfo, LocationInfo, SchemaInfo, Stored, VolumeInfo } from './state.ts';

/** Where securables of one kind are kept, by full name in lower case, with the words that messages use for them. */
export interface Shelf<Info> {
  stored: Map<string, Stored<Info>>;
  /** As in `Catalog 'main' does not exist.` */
  title: string;
  /** Code for a name that is taken. */
  exists: ErrorCode;
}

export function catalogShelf({ state }: DatabricksContext): Shelf<CatalogInfo> {
  return { stored: state.catalogs, title: 'Catalog', exists: 'CATALOG_ALREADY_EXISTS' };
}

export function schemaShelf({ state }: DatabricksContext): Shelf<SchemaInfo> {
  return { stored: state.schemas, title: 'Schema', exists: 'SCHEMA_ALREADY_EXISTS' };
}

export function volumeShelf({ state }: DatabricksContext): Shelf<VolumeInfo> {
  return { stored: state.volumes, title: 'Volume', exists: 'RESOURCE_ALREADY_EXISTS' };
}

export function credentialShelf({ state }: DatabricksContext): Shelf<CredentialInfo> {
  return {
    stored: state.credentials,
    title: 'Storage Credential',
    exists: 'STORAGE_CREDENTIAL_ALREADY_EXISTS',
  };
}

export function locationShelf({ state }: DatabricksContext): Shelf<LocationInfo> {
  return { stored: state.locations, title: 'External Location', exists: 'EXTERNAL_LOCATION_ALREADY_EXISTS' };
}
