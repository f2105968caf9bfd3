import { z } from 'zod';
import type { Certificate } from '../twin/certificate.ts';
import { createChance } from '../twin/chance.ts';
import { realClock } from '../twin/clock.ts';
import { noBody } from '../twin/contract.ts';
import type { Twin, TwinSettings } from '../twin/model.ts';
import type { Route } from '../twin/route.ts';
import type { Listening } from '../twin/serve.ts';
import { createTwin } from '../twin/twin.ts';
import { type Actions, createActions } from './actions.ts';
import { approvalRoutes } from './approvals/approval-routes.ts';
import { expireApprovals } from './approvals/decide-approval.ts';
import { environmentRoutes } from './approvals/environment-routes.ts';
import { artifactRoutes } from './builds/artifact-routes.ts';
import { buildRoutes } from './builds/build-routes.ts';
import { contentRoutes } from './builds/content-routes.ts';
import { type Context, type Origins, organizationUrl } from './context.ts';
import { errorBody } from './contract/shapes.ts';
import { controlsOf } from './controls.ts';
import { aroundRequest, type Manners, wordContentProblem, wordProblem } from './gatekeeping.ts';
import { gitRoutes } from './git/git-routes.ts';
import type { Senders } from './hooks/consumers.ts';
import { createDeliveries, type Deliveries } from './hooks/deliveries.ts';
import { notificationRoutes } from './hooks/notification-routes.ts';
import { subscriptionRoutes } from './hooks/subscription-routes.ts';
import { pipelineRoutes } from './pipelines/pipeline-routes.ts';
import { projectRoutes } from './projects.ts';
import { emptyState } from './state.ts';
import { testRunRoutes } from './test-runs/test-run-routes.ts';
import { createThrottle, type ThrottleSettings } from './throttle.ts';
import { variableGroupRoutes } from './variable-groups.ts';

/** What may differ between two twins of Azure DevOps. */
export interface AzureDevOpsSettings extends TwinSettings {
  /** Name of the organisation, default `slipway`. */
  organization?: string;
  /** Where it is reached without sockets; `listen` puts the real origins here. */
  origins?: Origins;
  /** How events leave the twin; by default the `fetch` of Node, and no queue. */
  senders?: Partial<Senders>;
  /** Without it, nobody is throttled. */
  throttle?: ThrottleSettings;
}

/** A stand-in of one organisation. */
export interface AzureDevOps extends Actions {
  /** The service: `{origin}/{organization}/…`. */
  service: Twin;
  /** The host of artifact content. */
  content: Twin;
  deliveries: Deliveries;
  /** Whether error bodies begin with a byte order mark, as some do. */
  manners: Pick<Manners, 'errorsBeginWithMark'>;
  /** Serves both hosts on loopback and delivers events by the clock until it is closed. */
  listen(options?: ListenOptions): Promise<ListeningHosts>;
}

/** Ports on loopback: 0, the default, takes a free one. With a certificate both hosts speak https. */
export interface ListenOptions {
  service?: number;
  content?: number;
  certificate?: Certificate;
}

/** Both hosts on loopback; `close` also ends the deliveries. */
export interface ListeningHosts {
  /** URL of the organisation, without a slash at the end. */
  url: string;
  service: Listening;
  content: Listening;
  close(): Promise<void>;
}

const DEFAULT_ORIGINS: Origins = {
  service: 'https://dev.azure.com',
  content: 'https://artprodweu3.artifacts.visualstudio.com',
};

/** Builds a twin of Azure DevOps with an empty organisation. */
export function createAzureDevOps(settings: AzureDevOpsSettings = {}): AzureDevOps {
  const { clock = realClock, chance = createChance(), organization = 'slipway' } = settings;
  const origins = { ...(settings.origins ?? DEFAULT_ORIGINS) };
  const state = emptyState(chance.uuid);
  const context: Context = { organization, state, clock, chance, origins, wake: () => {} };
  const senders: Senders = { fetch, send: noQueue, ...settings.senders };
  const deliveries = createDeliveries(context, senders);
  const throttle = settings.throttle && createThrottle(settings.throttle, clock.now);
  const manners: Manners = { throttle, errorsBeginWithMark: false };
  const actions = createActions(context);
  const service = createTwin({
    ...settings,
    clock,
    chance,
    name: 'azure-devops',
    state,
    errorBody,
    ignorePathCase: true,
    wordError: wordProblem,
    around: (admitted, serve) => {
      expireApprovals(context);
      return aroundRequest(manners, admitted, serve);
    },
    routes: serviceRoutes(context),
    controls: controlsOf(actions, manners),
  });
  const content = createContentTwin(context, settings);
  const listen = (options: ListenOptions = {}) =>
    listenOn({ context, service, content, deliveries }, options);
  return { ...actions, service, content, deliveries, manners, listen };
}

function serviceRoutes(context: Context): Route[] {
  return [
    ...projectRoutes(context),
    ...buildRoutes(context),
    ...artifactRoutes(context),
    ...pipelineRoutes(context),
    ...approvalRoutes(context),
    ...environmentRoutes(context),
    ...variableGroupRoutes(context),
    ...subscriptionRoutes(context),
    ...notificationRoutes(context),
    ...gitRoutes(context),
    ...testRunRoutes(context),
  ];
}

/** A second origin, as content is in the cloud; it says nothing about what is wrong with a request. */
function createContentTwin(context: Context, settings: AzureDevOpsSettings): Twin {
  return createTwin({
    ...settings,
    name: 'azure-devops-content',
    state: {},
    errorBody: z.union([errorBody, noBody]),
    wordError: wordContentProblem,
    routes: contentRoutes(context),
  });
}

interface Parts {
  context: Context;
  service: Twin;
  content: Twin;
  deliveries: Deliveries;
}

async function listenOn(parts: Parts, { certificate, ...ports }: ListenOptions): Promise<ListeningHosts> {
  const { context, deliveries } = parts;
  const service = await parts.service.listen(ports.service, certificate);
  const content = await parts.content.listen(ports.content, certificate);
  Object.assign(context.origins, { service: service.url, content: content.url });
  deliveries.start();
  const close = async () => {
    await deliveries.stop();
    await Promise.all([service.close(), content.close()]);
  };
  return { url: organizationUrl(context), service, content, close };
}

async function noQueue(queueName: string): Promise<void> {
  throw new Error(`there is no way to the queue ${queueName}`);
}
