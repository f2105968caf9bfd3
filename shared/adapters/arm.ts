import type { TokenCredential } from '@azure/core-auth';
import type { HttpClient } from '@azure/core-rest-pipeline';
import type { ArmClient, DeploymentPlace, DeploymentSource, WhatIf } from '../engine/arm-client.ts';
import type { Clock } from '../engine/ports.ts';
import { Refusal, TransientFailure } from '../errors.ts';
import { failureIn, failureOf, readableError } from './arm-errors.ts';
import type { Operation } from './arm-shapes.ts';
import { operationsPage, readDeployment, validationResult, whatIfResult } from './arm-shapes.ts';
import type { HostLimits, Limit } from './host-limit.ts';
import type { Http, HttpRequest, HttpResponse } from './http.ts';
import { createHttp, segment } from './http.ts';
import { HttpError } from './http-error.ts';

const SCOPE = 'https://management.azure.com/.default';
const VERSION = { 'api-version': '2025-04-01' };
/** A subscription refills 25 reads and 10 writes a second for each principal. */
const ARM_LIMIT: Limit = { requestsPerSecond: 10, inFlight: 5, burst: 50 };
const DEFAULT_PAUSE_IN_MS = 2_000;
const SHORTEST_PAUSE_IN_MS = 100;
const LONGEST_PAUSE_IN_MS = 10_000;
const LONGEST_VALIDATION_IN_MS = 30_000;
/** Modules in modules. */
const DEEPEST_NESTING = 5;

export interface ArmOptions {
  readonly subscription: string;
  /** Origin of Azure Resource Manager. */
  readonly armUrl: string;
  readonly credential: TokenCredential | null;
  readonly clock: Clock;
  readonly limits: HostLimits;
  readonly httpClient?: HttpClient;
}

/**
 * Makes the client of one subscription, on plain HTTP: ADR 9 says why not on the official client.
 * @throws Refusal when the subscription is no id.
 */
export function createArmClient(options: ArmOptions): ArmClient {
  const { subscription, armUrl, credential, clock, limits, httpClient } = options;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(subscription))
    throw new Refusal(`"${subscription}" is no id of a subscription: correct the project's slipway.yaml.`);
  const http = createHttp({
    baseUrl: armUrl,
    credential,
    scope: SCOPE,
    clock,
    limits: { of: limits, limit: ARM_LIMIT },
    headers: { 'user-agent': 'slipway' },
    ...(httpClient === undefined ? {} : { httpClient }),
  });
  const arm = { http, origin: new URL(armUrl).origin, subscription };
  const validate: ArmClient['validate'] = (place, source) => validateIn(arm, { place, source, clock });
  return { subscription, validate, ...whatIfCalls(arm), ...deploymentCalls(arm) };
}

interface Arm {
  readonly http: Http;
  readonly origin: string;
  readonly subscription: string;
}

/** Sends; an error that `known` has an answer for is that answer, all others are thrown in our classes. */
async function ask<Known = never>(
  { http, subscription }: Arm,
  request: HttpRequest,
  known: (error: HttpError) => Known | undefined = () => undefined,
): Promise<HttpResponse | Known> {
  try {
    return await http.send(request);
  } catch (error) {
    const answer = error instanceof HttpError ? known(error) : undefined;
    if (answer !== undefined) return answer;
    throw failureOf(error, subscription);
  }
}

function groupPath({ subscription }: Arm, resourceGroup: string): string {
  return `/subscriptions/${subscription}/resourcegroups/${segment(resourceGroup)}`;
}

function pathOf(arm: Arm, { resourceGroup, name }: DeploymentPlace): string {
  return `${groupPath(arm, resourceGroup)}/providers/Microsoft.Resources/deployments/${segment(name)}`;
}

/** Path and query of a link in an answer. Our token goes to no other host, whatever the link says. */
function pathOfLink({ origin }: Arm, link: string): string {
  const url = new URL(link, origin);
  if (url.origin !== origin) throw new Error(`Azure Resource Manager points to another host: ${url.host}`);
  return url.pathname + url.search;
}

function whatIfCalls(arm: Arm): Pick<ArmClient, 'startWhatIf' | 'whatIfResult'> {
  return {
    async startWhatIf(place, source) {
      const request = {
        method: 'POST',
        path: `${pathOf(arm, place)}/whatIf`,
        query: VERSION,
        json: { properties: { mode: 'Incremental', ...source } },
        idempotent: true,
      } as const;
      const response = await ask(arm, request, ({ code }) =>
        code === 'ResourceGroupNotFound' ? 'no-group' : undefined,
      );
      return response === 'no-group' ? null : readWhatIf(arm, response);
    },
    async whatIfResult(pending) {
      return readWhatIf(arm, await ask(arm, { method: 'GET', path: pathOfLink(arm, pending) }), pending);
    },
  };
}

function readWhatIf(arm: Arm, response: HttpResponse, asked?: string): WhatIf {
  if (response.status === 202) {
    const link = response.headers.location ?? asked;
    if (link === undefined) throw new TransientFailure('what-if was accepted without a place to ask');
    return { pending: pathOfLink(arm, link), pauseInMs: pauseOf(response) };
  }
  const { status, properties, error } = whatIfResult.parse(response.json());
  if (status !== 'Succeeded') throw failureIn(error);
  return { differences: properties?.changes ?? [] };
}

function pauseOf({ headers }: HttpResponse): number {
  const pause = Number(headers['retry-after'] ?? Number.NaN) * 1_000;
  if (Number.isNaN(pause)) return DEFAULT_PAUSE_IN_MS;
  return Math.min(Math.max(pause, SHORTEST_PAUSE_IN_MS), LONGEST_PAUSE_IN_MS);
}

interface Validation {
  readonly place: DeploymentPlace;
  readonly source: DeploymentSource;
  readonly clock: Clock;
}

/** The level is the default one. It is named, since the lower ones do not look at rights. */
async function validateIn(arm: Arm, { place, source, clock }: Validation): Promise<void> {
  const end = clock.now() + LONGEST_VALIDATION_IN_MS;
  const json = { properties: { mode: 'Incremental', validationLevel: 'Provider', ...source } };
  const path = `${pathOf(arm, place)}/validate`;
  let response = await ask(arm, { method: 'POST', path, query: VERSION, json, idempotent: true });
  let link = response.headers.location;
  while (response.status === 202) {
    const pauseInMs = pauseOf(response);
    if (link === undefined || clock.now() + pauseInMs > end)
      throw new TransientFailure('Azure Resource Manager has not validated the template in time');
    await clock.sleep(pauseInMs);
    response = await ask(arm, { method: 'GET', path: pathOfLink(arm, link) });
    link = response.headers.location ?? link;
  }
  const { error } = validationResult.parse(response.json());
  if (error != null) throw failureIn(error);
}

type DeploymentCalls = Omit<ArmClient, 'subscription' | 'validate' | 'startWhatIf' | 'whatIfResult'>;

function deploymentCalls(arm: Arm): DeploymentCalls {
  const find = async (place: DeploymentPlace) => {
    const request = { method: 'GET', path: pathOf(arm, place), query: VERSION } as const;
    const response = await ask(arm, request, ({ status }) => (status === 404 ? 'none' : undefined));
    return response === 'none' ? null : readDeployment(response.json());
  };
  return {
    deployment: find,
    async startDeployment(place, source, tags) {
      const json = { tags, properties: { mode: 'Incremental', ...source } };
      const request = { method: 'PUT', path: pathOf(arm, place), query: VERSION, json } as const;
      try {
        return readDeployment((await arm.http.send({ ...request, idempotent: false })).json());
      } catch (error) {
        const there = mayBeThere(error) ? await find(place) : null;
        if (there !== null) return there;
        throw failureOf(error, arm.subscription);
      }
    },
    failures: (place) => failuresOf(arm, place, DEEPEST_NESTING),
    async cancelDeployment(place) {
      const path = `${pathOf(arm, place)}/cancel`;
      await ask(arm, { method: 'POST', path, query: VERSION, idempotent: true }, ({ status }) =>
        status === 404 || status === 409 ? 'over' : undefined,
      );
    },
  };
}

/** Whether a deployment may be there although starting it failed: the answer was lost, or one is active. */
function mayBeThere(error: unknown): boolean {
  if (error instanceof HttpError)
    return error.status >= 500 || error.status === 408 || error.code === 'DeploymentActive';
  return error instanceof TransientFailure;
}

async function failuresOf(
  arm: Arm,
  { resourceGroup, name }: DeploymentPlace,
  depth: number,
): Promise<string[]> {
  const failed = (await operationsOf(arm, { resourceGroup, name })).filter(
    ({ provisioningState }) => provisioningState === 'Failed',
  );
  const lines = failed.map(async ({ targetResource, statusMessage }) => {
    const { id = '', resourceType = '', resourceName = '' } = targetResource ?? {};
    const isNested = resourceType.toLowerCase() === 'microsoft.resources/deployments';
    const isHere = id.toLowerCase().startsWith(`${groupPath(arm, resourceGroup)}/`.toLowerCase());
    const inside =
      isNested && isHere && depth > 0
        ? await failuresOf(arm, { resourceGroup, name: resourceName }, depth - 1)
        : [];
    return inside.length > 0 ? inside : [`${resourceType}/${resourceName}: ${readableError(statusMessage)}`];
  });
  return (await Promise.all(lines)).flat();
}

async function operationsOf(arm: Arm, { resourceGroup, name }: DeploymentPlace): Promise<Operation[]> {
  const path = `${groupPath(arm, resourceGroup)}/deployments/${segment(name)}/operations`;
  let request: HttpRequest | null = { method: 'GET', path, query: VERSION };
  const operations: Operation[] = [];
  while (request !== null) {
    const page: HttpResponse = await ask(arm, request);
    const { value, nextLink } = operationsPage.parse(page.json());
    operations.push(...value.map(({ properties }) => properties));
    request = nextLink == null ? null : { method: 'GET', path: pathOfLink(arm, nextLink) };
  }
  return operations;
}
