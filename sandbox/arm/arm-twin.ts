import { z } from 'zod';
import { createChance } from '../twin/chance.ts';
import { realClock } from '../twin/clock.ts';
import type { ControlRoute } from '../twin/control.ts';
import type { Twin, TwinSettings } from '../twin/model.ts';
import type { Limit, RateLimits } from '../twin/rate-limit.ts';
import type { LoggedRequest } from '../twin/request-log.ts';
import { createTwin } from '../twin/twin.ts';
import { errorBody } from './contract/shapes.ts';
import { progress } from './deployments/progress.ts';
import type { ArmDurations, ArmWorld, ReadSecret } from './deployments/world.ts';
import { type Permits, refusalOf, wordError } from './refusals.ts';
import { deploymentRoutes } from './routes/deployment-routes.ts';
import { listRoutes } from './routes/list-routes.ts';
import { addResourceGroup, resourceGroupRoutes } from './routes/resource-group-routes.ts';
import { resultRoutes } from './routes/result-routes.ts';
import type { ArmState, ResourceFault, ResourceGroup, StoredResource } from './state.ts';

/** Settings of the twin. */
export interface ArmSettings extends TwinSettings {
  tenantId?: string;
  resourceGroups?: readonly ResourceGroup[];
  durations?: Partial<ArmDurations>;
  /** Whether a principal may do something (`Microsoft.Resources/deployments/write`) at a scope; everyone may by default. */
  permits?: Permits;
  /** For parameters that refer to secrets of a vault. */
  readSecret?: ReadSecret;
  validatesLater?: boolean;
  /**
   * What-if of Azure shows what a provider filled in, and the template does not have, as properties that would be
   * deleted, on every run, although no deployment deletes them.
   */
  showsDefaults?: boolean;
  pageSize?: number;
}

/** Azure Resource Manager: resource groups, deployments, and a model of what they deploy. */
export interface ArmTwin extends Twin {
  addResourceGroup(group: ResourceGroup): void;
  /** A resource that is deployed by now, by its id in any case. */
  resource(id: string): StoredResource | undefined;
  resources(): StoredResource[];
  /** Changes or adds a resource behind the back of every deployment. */
  putResource(resource: StoredResource): void;
  removeResource(id: string): void;
  /** Lets resources fail, or take longer, while they are deployed. */
  addResourceFault(fault: ResourceFault): void;
}

const DEFAULT_TENANT = '7f58f645-c190-4ce5-9de4-e2b7acd2a6ab';
const DEFAULT_DURATIONS: ArmDurations = { acceptedInMs: 50, resourceInMs: 100, whatIfInMs: 100 };

/** Buckets of one subscription and principal: reads 250 and 25 a second, writes and deletes 200 and 10 a second. */
const LIMITS: readonly Limit[] = [
  { match: '*_Get|*_List*|*_CheckExistence', requestsPerSecond: 25, burst: 250 },
  { match: '*_CreateOrUpdate|*_Validate|*_WhatIf|*_Cancel', requestsPerSecond: 10, burst: 200 },
  { match: '*_Delete', requestsPerSecond: 10, burst: 200 },
];

/** Builds the twin; deployments make progress on its clock, whenever a request looks. */
export function createArmTwin(settings: ArmSettings = {}): ArmTwin {
  const { tenantId = DEFAULT_TENANT, resourceGroups = [], permits = () => true, ...rest } = settings;
  const { clock = realClock, chance = createChance(), readSecret = () => undefined, durations } = settings;
  const state = emptyState();
  for (const group of resourceGroups) addResourceGroup(state, group);
  const world: ArmWorld = {
    state,
    clock,
    chance,
    tenantId,
    readSecret,
    permits,
    durations: { ...DEFAULT_DURATIONS, ...durations },
    showsDefaults: settings.showsDefaults ?? false,
  };
  const parts = partsOf(world);
  const twin = createTwin({
    limits: LIMITS,
    ...rest,
    clock,
    chance,
    name: 'arm',
    state,
    ignorePathCase: true,
    errorBody,
    wordError,
    headersOf: (request, limits) => headersOf(world, request, limits),
    around: async (admitted, serve) => refusalOf(admitted, permits) ?? serve(),
    controls: controlsOf(parts, state),
    routes: [
      ...resourceGroupRoutes(world),
      ...deploymentRoutes(world),
      ...resultRoutes(world, { validatesLater: settings.validatesLater ?? false }),
      ...listRoutes(world, settings.pageSize ?? 100),
    ],
  });
  return { ...twin, ...parts };
}

function emptyState(): ArmState {
  return {
    resourceGroups: new Map(),
    resources: new Map(),
    deployments: new Map(),
    results: new Map(),
    resourceFaults: [],
  };
}

type Parts = Omit<ArmTwin, keyof Twin>;

function partsOf(world: ArmWorld): Parts {
  const { state } = world;
  const present = () => {
    progress(world);
    return state.resources;
  };
  return {
    addResourceGroup: (group) => void addResourceGroup(state, group),
    resource: (id) => present().get(id.toLowerCase()),
    resources: () => [...present().values()],
    putResource: (resource) => void present().set(resource.id.toLowerCase(), resource),
    removeResource: (id) => void present().delete(id.toLowerCase()),
    addResourceFault: (fault) => void state.resourceFaults.push(resourceFault.parse(fault)),
  };
}

const aim = { match: z.string(), times: z.int().min(1).optional() };
const resourceFault = z.discriminatedUnion('kind', [
  z.strictObject({ ...aim, kind: z.literal('fail'), code: z.string(), message: z.string() }),
  z.strictObject({ ...aim, kind: z.literal('delay'), delayInMs: z.number().min(0) }),
]);

function controlsOf(parts: Parts, state: ArmState): ControlRoute[] {
  return [
    { method: 'GET', path: '/resources', handle: () => parts.resources() },
    { method: 'GET', path: '/resource-faults', handle: () => state.resourceFaults },
    {
      method: 'POST',
      path: '/resource-faults',
      handle: (body) => parts.addResourceFault(resourceFault.parse(body)),
    },
  ];
}

function headersOf({ chance }: ArmWorld, request: LoggedRequest, limits: RateLimits): Record<string, string> {
  const id = chance.uuid();
  const remaining = limits.remaining(request);
  const kind =
    request.method === 'DELETE' ? 'deletes' : ['GET', 'HEAD'].includes(request.method) ? 'reads' : 'writes';
  return {
    'x-ms-request-id': id,
    'x-ms-correlation-request-id': id,
    ...(remaining !== undefined && { [`x-ms-ratelimit-remaining-subscription-${kind}`]: String(remaining) }),
  };
}
