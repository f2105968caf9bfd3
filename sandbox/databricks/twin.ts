import { createChance } from '../twin/chance.ts';
import { realClock } from '../twin/clock.ts';
import type { Answer, TwinRequest } from '../twin/exchange.ts';
import type { Admitted, Twin, TwinSettings } from '../twin/model.ts';
import { createTwin } from '../twin/twin.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { clusterRoutes } from './clusters-routes.ts';
import type { DatabricksContext, DatabricksOptions } from './context.ts';
import { errorBody } from './contract/shapes.ts';
import { credentialRoutes } from './credential-routes.ts';
import { dbfsRoutes } from './dbfs-routes.ts';
import { refusal, wordError } from './errors.ts';
import { filesRoutes } from './files-routes.ts';
import { grantsRoutes } from './grants-routes.ts';
import { type Inventory, inventoryOf } from './inventory.ts';
import { jobRoutes } from './jobs-routes.ts';
import { DOCUMENTED_LIMITS } from './limits.ts';
import { locationRoutes } from './location-routes.ts';
import { metastoreRoutes } from './metastore-routes.ts';
import { permissionsRoutes } from './permissions-routes.ts';
import { policyRoutes } from './policies-routes.ts';
import { missingRight } from './rights.ts';
import { type LoadedSource, type RunScript, runScript } from './run-model.ts';
import { runRoutes } from './runs-routes.ts';
import { schemaRoutes } from './schema-routes.ts';
import { settle } from './settle.ts';
import { newState } from './state.ts';
import { volumeRoutes } from './volume-routes.ts';
import { workspaceRoutes } from './workspace-routes.ts';

/** The twin of one Azure Databricks workspace with Unity Catalog. */
export interface DatabricksTwin extends Twin {
  /** What is deployed, in an order that does not depend on how it got there. */
  inventory(): Inventory;
  /** Decides what tasks do that begin from now on; throws when the script is not well formed. */
  scriptRuns(script: RunScript): void;
  /** Every source that a run has loaded up to now. */
  loadedSources(): readonly LoadedSource[];
}

/** Makes an empty workspace. Without `limits` the documented rates hold; an empty list switches them off. */
export function createDatabricksTwin(settings: TwinSettings & DatabricksOptions = {}): DatabricksTwin {
  const { clock = realClock, chance = createChance(), limits = DOCUMENTED_LIMITS } = settings;
  const state = newState(chance, clock.now());
  const context: DatabricksContext = { state, clock, chance, options: settings };
  const own = ownParts(context);
  const twin = createTwin({
    ...settings,
    clock,
    chance,
    limits,
    name: 'databricks',
    state,
    wordError,
    errorBody,
    routes: allRoutes(context),
    around: async (admitted, serve) => {
      settle(context);
      if (isDenied(context, admitted)) return denied(admitted.principal);
      const missing = missingRight(context, admitted);
      return missing === undefined ? serve() : refusal('PERMISSION_DENIED', missing).answer;
    },
    controls: [
      { method: 'GET', path: '/inventory', handle: own.inventory },
      { method: 'POST', path: '/run-scripts', handle: (body) => own.scriptRuns(runScript.parse(body)) },
      { method: 'GET', path: '/loaded-sources', handle: own.loadedSources },
    ],
  });
  return Object.assign(twin, own);
}

function ownParts(context: DatabricksContext) {
  const { state } = context;
  return {
    inventory: () => inventoryOf(state),
    scriptRuns: (script: RunScript) => {
      settle(context);
      state.scripts.push(runScript.parse(script));
    },
    loadedSources: () => {
      settle(context);
      return state.loadedSources;
    },
  };
}

function allRoutes(context: DatabricksContext) {
  return [
    ...workspaceRoutes(context),
    ...dbfsRoutes(context),
    ...filesRoutes(context),
    ...metastoreRoutes(context),
    ...catalogRoutes(context),
    ...schemaRoutes(context),
    ...volumeRoutes(context),
    ...credentialRoutes(context),
    ...locationRoutes(context),
    ...grantsRoutes(context),
    ...permissionsRoutes(context),
    ...policyRoutes(context),
    ...clusterRoutes(context),
    ...jobRoutes(context),
    ...runRoutes(context),
  ];
}

/** Rights come before existence: a stranger learns nothing about what is there. */
function isDenied({ options }: DatabricksContext, { operation, principal, request }: Admitted): boolean {
  const isStranger = options.strangers?.includes(principal) ?? false;
  return isStranger && operation !== 'CurrentUser.me' && !isContributor(options, request);
}

function isContributor({ resource }: DatabricksOptions, { headers }: TwinRequest): boolean {
  const id = headers['x-databricks-azure-workspace-resource-id'];
  const token = headers['x-databricks-azure-sp-management-token'];
  return (
    resource !== undefined && id?.toLowerCase() === resource.id.toLowerCase() && resource.isContributor(token)
  );
}

function denied(principal: string): Answer {
  return refusal('PERMISSION_DENIED', `${principal} does not have the permissions that this call needs.`)
    .answer;
}
