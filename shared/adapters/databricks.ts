import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import type { DatabricksClient } from '../engine/databricks-client.ts';
import type { Clock } from '../engine/ports.ts';
import { Refusal } from '../errors.ts';
import { createCall, isResponse, objectIn, objectsIn, textIn } from './databricks-call.ts';
import { unityCatalog } from './databricks-catalog.ts';
import { clustersOf, policiesOf } from './databricks-compute.ts';
import { dbfsFiles } from './databricks-dbfs.ts';
import { jobsOf } from './databricks-jobs.ts';
import { permissionsOf } from './databricks-permissions.ts';
import { runsOf } from './databricks-runs.ts';
import { volumeFiles } from './databricks-volumes.ts';
import { workspaceTree } from './databricks-workspace.ts';
import type { HostLimits, Limit } from './host-limit.ts';
import type { HttpOptions } from './http.ts';
import { createHttp } from './http.ts';

/** What Azure Databricks is called in Microsoft Entra, the same in every tenant. */
const SCOPE = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default';
/** Azure Resource Manager under its older name, with its slash at the end, as Azure Databricks asks for it. */
const MANAGEMENT_SCOPE = 'https://management.core.windows.net//.default';

/**
 * Below the 30 imports a second that a workspace takes, with the burst that the places in flight allow.
 * The service documents no rate headers, so all work of a process on one workspace goes through one limit.
 */
export const DATABRICKS_LIMIT: Limit = { requestsPerSecond: 25, inFlight: 10, burst: 10 };

export interface DatabricksOptions {
  /** Origin of the workspace, e.g. `https://adb-1000000000000001.1.azuredatabricks.net`. */
  readonly workspaceUrl: string;
  /** Of the workspace in Azure: lets in an identity that is none of its users, but Contributor of the workspace. */
  readonly resourceId?: string;
  readonly credential: TokenCredential | null;
  readonly clock: Clock;
  /** Shared by all clients of the process. */
  readonly limits: HostLimits;
  readonly limit?: Limit;
  readonly httpClient?: HttpClient;
}

/**
 * Makes the client of one workspace.
 * @throws Refusal when the address is no workspace: our token must not go anywhere else. The same for the id.
 */
export function createDatabricksClient(options: DatabricksOptions): DatabricksClient {
  const workspaceUrl = originOf(options.workspaceUrl);
  const { credential, clock, limits, limit = DATABRICKS_LIMIT, httpClient } = options;
  const http = createHttp({
    baseUrl: workspaceUrl,
    credential,
    scope: SCOPE,
    clock,
    limits: { of: limits, limit },
    ...asContributor(options.resourceId),
    ...(httpClient === undefined ? {} : { httpClient }),
  });
  const call = createCall(http, workspaceUrl);
  return {
    workspaceUrl,
    workspace: workspaceTree(call),
    volumes: volumeFiles(call),
    dbfs: dbfsFiles(call),
    unityCatalog: unityCatalog(call),
    jobs: jobsOf(call),
    runs: runsOf(call),
    clusters: clustersOf(call),
    policies: policiesOf(call),
    permissions: permissionsOf(call),
    async me() {
      const answer = await call({ method: 'GET', path: '/api/2.0/preview/scim/v2/Me' });
      const body = isResponse(answer) ? objectIn(answer) : {};
      const groups = objectsIn(body.groups).map(({ display }) => textIn(display));
      return { id: textIn(body.id), userName: textIn(body.userName), groups };
    },
  };
}

const RESOURCE_ID =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/\s]+\/providers\/Microsoft\.Databricks\/workspaces\/[\w-]+$/i;

/** Azure Databricks lets in who may manage the workspace in Azure, and asks for a token of Azure itself as proof. */
function asContributor(resourceId: string | undefined): Pick<HttpOptions, 'headers' | 'secondToken'> {
  const headers = { 'user-agent': 'slipway' };
  if (resourceId === undefined) return { headers };
  if (!RESOURCE_ID.test(resourceId))
    throw new Refusal(
      `databricksWorkspaceResourceId is "${resourceId}", which is no id of a workspace. It should look like ` +
        '/subscriptions/ID/resourceGroups/NAME/providers/Microsoft.Databricks/workspaces/NAME.',
    );
  return {
    headers: { ...headers, 'x-databricks-azure-workspace-resource-id': resourceId },
    secondToken: { scope: MANAGEMENT_SCOPE, header: 'x-databricks-azure-sp-management-token' },
  };
}

/** Workspaces of Azure's public, government and China clouds, and servers on this machine. */
const WORKSPACE_HOST = /^([\w-]+\.)+(azuredatabricks\.net|databricks\.azure\.us|databricks\.azure\.cn)$/;
const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function originOf(workspaceUrl: string): string {
  const url = URL.canParse(workspaceUrl) ? new URL(workspaceUrl) : null;
  const isWorkspace = url?.protocol === 'https:' && WORKSPACE_HOST.test(url.hostname);
  if (url !== null && (isWorkspace || LOOPBACK_HOST.test(url.hostname))) return url.origin;
  throw new Refusal(
    `databricksWorkspaceUrl is "${workspaceUrl}", which is no address of an Azure Databricks workspace. ` +
      'It should look like https://adb-1000000000000001.1.azuredatabricks.net.',
  );
}
