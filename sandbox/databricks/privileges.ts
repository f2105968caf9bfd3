import type { SecurableType } from './securable-registry.ts';

const VOLUME = ['READ_VOLUME', 'WRITE_VOLUME', 'APPLY_TAG'];
const TABLES = ['SELECT', 'MODIFY', 'EXECUTE', 'REFRESH', ...VOLUME];
const CREATES = [
  'CREATE_TABLE',
  'CREATE_VOLUME',
  'CREATE_FUNCTION',
  'CREATE_MODEL',
  'CREATE_MATERIALIZED_VIEW',
];
const SCHEMA = ['USE_SCHEMA', 'EXTERNAL_USE_SCHEMA', ...CREATES, ...TABLES];

/** Privileges that may be granted on each kind; on a container also those that what is in it inherits. */
const PRIVILEGES: Record<SecurableType, readonly string[]> = {
  METASTORE: [
    'CREATE_CATALOG',
    'CREATE_CONNECTION',
    'CREATE_EXTERNAL_LOCATION',
    'CREATE_STORAGE_CREDENTIAL',
    'CREATE_SERVICE_CREDENTIAL',
    'CREATE_SHARE',
    'CREATE_RECIPIENT',
    'CREATE_PROVIDER',
    'CREATE_CLEAN_ROOM',
    'USE_CONNECTION',
    'MANAGE_ALLOWLIST',
  ],
  CATALOG: ['ALL_PRIVILEGES', 'MANAGE', 'BROWSE', 'USE_CATALOG', 'CREATE_SCHEMA', ...SCHEMA],
  SCHEMA: ['ALL_PRIVILEGES', 'MANAGE', ...SCHEMA],
  VOLUME: ['ALL_PRIVILEGES', 'MANAGE', ...VOLUME],
  STORAGE_CREDENTIAL: [
    'ALL_PRIVILEGES',
    'MANAGE',
    'CREATE_EXTERNAL_LOCATION',
    'CREATE_EXTERNAL_TABLE',
    'READ_FILES',
    'WRITE_FILES',
  ],
  EXTERNAL_LOCATION: [
    'ALL_PRIVILEGES',
    'MANAGE',
    'BROWSE',
    'CREATE_EXTERNAL_TABLE',
    'CREATE_EXTERNAL_VOLUME',
    'CREATE_FOREIGN_CATALOG',
    'CREATE_MANAGED_STORAGE',
    'READ_FILES',
    'WRITE_FILES',
    'EXTERNAL_USE_LOCATION',
  ],
};

/** The privileges that may be granted on a kind of securable, spelled with underscores. */
export function applicablePrivileges(type: SecurableType): ReadonlySet<string> {
  return new Set(PRIVILEGES[type]);
}
