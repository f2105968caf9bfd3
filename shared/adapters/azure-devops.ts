import type { TokenCredential } from '@azure/core-auth';
import type { AzureDevOpsClient } from '../engine/azure-devops-client.ts';
import type { ContentPlaces } from './azure-devops-artifacts.ts';
import { artifactReader } from './azure-devops-artifacts.ts';
import type { AzureDevOpsCall } from './azure-devops-call.ts';
import { createAzureDevOpsCall } from './azure-devops-call.ts';
import { approvals, pipelineRuns } from './azure-devops-pipelines.ts';
import { build, listOf, variableGroup } from './azure-devops-shapes.ts';
import { testRuns } from './azure-devops-tests.ts';
import type { HostLimits, Limit } from './host-limit.ts';
import type { Http } from './http.ts';
import { createHttp, segment } from './http.ts';

/** What Azure DevOps is called in Microsoft Entra, the same in every tenant. */
const SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default';

/** Azure DevOps counts cost, not requests, and slows down who asks too much: a release asks for a few dozen things. */
const AZURE_DEVOPS_LIMIT: Limit = { requestsPerSecond: 10, inFlight: 6, burst: 10 };

export interface AzureDevOpsOptions extends ContentPlaces {
  readonly organization: string;
  readonly credential: TokenCredential | null;
  /** Shared by all clients of the process. */
  readonly limits: HostLimits;
}

/** Makes the client of one organisation. */
export function createAzureDevOpsClient(options: AzureDevOpsOptions): AzureDevOpsClient {
  const { organization, clock } = options;
  const call = createAzureDevOpsCall(httpOf(options), { organization, clock });
  return {
    organization,
    ...buildsAndValues(call),
    ...artifactReader(call, options),
    ...pipelineRuns(call),
    ...approvals(call),
    tests: testRuns(call),
  };
}

function httpOf({ organization, baseUrl, credential, clock, limits, httpClient }: AzureDevOpsOptions): Http {
  return createHttp({
    baseUrl: `${baseUrl.replace(/\/$/, '')}/${segment(organization)}`,
    credential,
    scope: SCOPE,
    clock,
    limits: { of: limits, limit: AZURE_DEVOPS_LIMIT },
    // Without this, a token that is not accepted is answered with a sign-in page.
    headers: { 'user-agent': 'slipway', 'x-tfs-fedauthredirect': 'Suppress' },
    ...(httpClient === undefined ? {} : { httpClient }),
  });
}

function buildsAndValues(call: AzureDevOpsCall): Pick<AzureDevOpsClient, 'build' | 'variableGroup'> {
  return {
    async build(project, id) {
      const path = `/${segment(project)}/_apis/build/builds/${segment(id)}`;
      const found = await call.read(build, { method: 'GET', path });
      if (found === null) return null;
      const { buildNumber, status, result, definition, sourceBranch, sourceVersion } = found;
      const source = { definition: definition.id, branch: sourceBranch, commit: sourceVersion };
      const projectId = found.project?.id ?? null;
      return { id: found.id, number: buildNumber, status, result: result ?? null, ...source, projectId };
    },
    async variableGroup(project, name) {
      const path = `/${segment(project)}/_apis/distributedtask/variablegroups`;
      const query = { groupName: name };
      const list = await call.read(listOf(variableGroup), { method: 'GET', path, query });
      const group = list?.value.find((its) => its.name.toLowerCase() === name.toLowerCase());
      if (group === undefined) return null;
      const variables = Object.entries(group.variables).map(([variable, its]) => {
        const isSecret = its?.isSecret === true;
        return [variable, { value: isSecret ? null : (its?.value ?? null), isSecret }] as const;
      });
      return { vault: group.providerData?.vault ?? null, variables: new Map(variables) };
    },
  };
}
