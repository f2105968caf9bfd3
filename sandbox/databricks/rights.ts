import type { TwinRequest } from '../twin/exchange.ts';
import type { Admitted } from '../twin/model.ts';
import type { DatabricksContext } from './context.ts';
import { storedPrincipal } from './principals.ts';
import type { Job } from './run-model.ts';
import { keyOf, ownerOf, parentsOf, type Securable, type SecurableType } from './securable-registry.ts';

/** Groups that everybody is in here, by their own words and those of `CurrentUser.me`. */
const GROUPS = ['account users', 'admins'];

/** What only administrators of the workspace may do. */
const FOR_ADMINS = /^ClusterPolicies\.(create|edit|delete)$/;

/** Whether somebody is an administrator of the workspace. */
export function isAdmin({ options }: DatabricksContext, principal: string): boolean {
  return options.admins?.includes(principal) ?? true;
}

/** Whether somebody sees a job: administrators see all, others those that they made or have access to by name. */
export function seesJob(context: DatabricksContext, principal: string, job: Job): boolean {
  const held = context.state.permissions.get(`/jobs/${job.id}`) ?? [];
  return (
    isAdmin(context, principal) || job.creator === principal || held.some(({ name }) => name === principal)
  );
}

const OF_ONE_JOB = /^Jobs\.(get|reset|update|delete|run_now)$/;

/** Rights come before existence: a job that is gone is like one of others. */
function isHiddenJob(
  context: DatabricksContext,
  operation: string,
  { principal, request }: Pick<Admitted, 'principal' | 'request'>,
): boolean {
  if (!OF_ONE_JOB.test(operation) || isAdmin(context, principal)) return false;
  const asked = new URL(request.url, 'http://twin.invalid').searchParams.get('job_id');
  const id = asked ?? /"job_id":\s*"?(\d+)/.exec(Buffer.from(request.body).toString())?.[1] ?? '';
  const job = context.state.jobs.get(id);
  return job === undefined || !seesJob(context, principal, job);
}

/** What an operation needs on a securable, besides owning it or something above it. */
interface Need {
  on: Securable;
  privileges: readonly string[];
}

/**
 * What the caller lacks, in the words of the service; undefined when nothing. Rights in Unity Catalog count only where the
 * metastore has an owner by name (`metastoreOwner`): elsewhere everyone may do everything.
 */
export function missingRight(
  context: DatabricksContext,
  { operation, principal, request }: Admitted,
): string | undefined {
  if (FOR_ADMINS.test(operation) && !isAdmin(context, principal))
    return 'Only administrators of the workspace may change cluster policies.';
  if (isHiddenJob(context, operation, { principal, request }))
    return 'User does not have permissions on this job.';
  if (context.options.metastoreOwner === undefined) return undefined;
  const need = needOf(context, operation, request);
  if (need === undefined || holds(context, principal, need)) return undefined;
  const { on, privileges } = need;
  const name = on.type === 'METASTORE' ? `metastore-${context.options.region ?? 'westeurope'}` : on.name;
  return `User does not have ${privileges[0]?.replaceAll('_', ' ')} on ${titleOf(on.type)} '${name}'.`;
}

function holds(context: DatabricksContext, caller: string, { on, privileges }: Need): boolean {
  const principal = storedPrincipal(caller);
  const places = [on, ...parentsOf(context, on)];
  if (places.some((place) => storedPrincipal(ownerOf(context, place) ?? '') === principal)) return true;
  const grants = places.flatMap((place) => [...(context.state.grants.get(keyOf(place)) ?? [])]);
  return grants.some(
    ([holder, held]) =>
      (holder === principal || GROUPS.includes(holder)) && privileges.some((each) => held.has(each)),
  );
}

const ON_METASTORE: Record<string, string> = {
  'Catalogs.create': 'CREATE_CATALOG',
  'StorageCredentials.create': 'CREATE_STORAGE_CREDENTIAL',
  'ExternalLocations.create': 'CREATE_EXTERNAL_LOCATION',
};

const UPDATED: Record<string, SecurableType> = {
  'Catalogs.update': 'CATALOG',
  'Schemas.update': 'SCHEMA',
  'Volumes.update': 'VOLUME',
  'StorageCredentials.update': 'STORAGE_CREDENTIAL',
  'ExternalLocations.update': 'EXTERNAL_LOCATION',
};

function needOf({ state }: DatabricksContext, operation: string, request: TwinRequest): Need | undefined {
  const path = new URL(request.url, 'http://twin.invalid').pathname.split('/').map(decodeURIComponent);
  const name = (path.at(-1) ?? '').toLowerCase();
  const privilege = ON_METASTORE[operation];
  if (privilege !== undefined)
    return { on: { type: 'METASTORE', name: state.metastoreId }, privileges: [privilege] };
  const updated = UPDATED[operation];
  if (updated !== undefined) return { on: { type: updated, name }, privileges: ['MANAGE'] };
  if (operation === 'Grants.update') {
    const type = (path.at(-2) ?? '').toUpperCase().replaceAll('-', '_') as SecurableType;
    return { on: { type, name }, privileges: ['MANAGE'] };
  }
  return insideNeed(operation, request);
}

/** Making something inside of a catalog or a schema. */
function insideNeed(operation: string, { body }: TwinRequest): Need | undefined {
  if (operation !== 'Schemas.create' && operation !== 'Volumes.create') return undefined;
  const { catalog_name: catalog = '', schema_name: schema = '' } = JSON.parse(Buffer.from(body).toString());
  return operation === 'Schemas.create'
    ? {
        on: { type: 'CATALOG', name: catalog.toLowerCase() },
        privileges: ['CREATE_SCHEMA', 'ALL_PRIVILEGES'],
      }
    : {
        on: { type: 'SCHEMA', name: `${catalog}.${schema}`.toLowerCase() },
        privileges: ['CREATE_VOLUME', 'ALL_PRIVILEGES'],
      };
}

function titleOf(type: SecurableType): string {
  return type
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join(' ');
}
