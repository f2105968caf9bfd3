import type { Answer } from '../../shared/api/answer.ts';
import { answer } from '../../shared/api/answer.ts';
import type { DeploymentCall } from '../../shared/api/deployments.ts';
import { requestDeployment } from '../../shared/api/deployments.ts';
import type { Ports } from '../../shared/engine/engine-ports.ts';
import { pipelineOf } from '../../shared/project/pipeline-of.ts';
import { readProjectFile } from '../../shared/project/project-file.ts';
import { sha256 } from '../../shared/release/canonical-json.ts';
import type { RunRequested } from '../../shared/release/events.ts';
import type { Environment, Run } from '../../shared/release/model.ts';
import type { StepKind } from '../../shared/steps/step.ts';
import { SimulatedApp } from '../engine/simulator/app.ts';
import type { Behaviour } from '../engine/simulator/behaviour.ts';
import type { Fault } from '../engine/simulator/faults.ts';
import { contentFor } from '../engine/simulator/kinds.ts';
import { People } from '../engine/simulator/people.ts';
import type { History } from '../engine/simulator/play.ts';
import { PROJECT, REQUESTER, scenario, TRACE } from '../engine/simulator/scenario.ts';
import { World } from '../engine/simulator/world.ts';
import { memoryReleases } from '../steps/intake-world.ts';

export const FILE = `
project: ${PROJECT}
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: 138 }
environments:
  dev: { key: dev, subscription: 11111111-1111-4111-8111-111111111111 }
  production: { key: prod, subscription: 11111111-1111-4111-8111-111111111111, approvals: 1, rollback: none }
`;

export interface DeploymentOptions {
  readonly faults?: readonly Fault[];
  readonly approves?: boolean;
  readonly behaviour?: Behaviour;
  /** The registered slipway.yaml; null: the project is not registered. */
  readonly file?: string | null;
}

/** Whoever gets no answer, or a 503, asks again after this time, with the same key. */
const ASK_AGAIN_IN_MS = 40_000;
const LIMIT_IN_MS = 24 * 60 * 60_000;

/** The API, the engine and an outside in virtual time; the steps are called as real ones are. */
export interface DeploymentWorld {
  readonly world: World;
  readonly app: SimulatedApp;
  readonly releases: ReturnType<typeof memoryReleases>;
  /** Takes the release in and through all environments. */
  release(order: number): Promise<Run>;
  /** Asks once. */
  ask(call: Partial<DeploymentCall>): Promise<Answer>;
  /** Asks until there is an answer other than 503. */
  insist(call: Partial<DeploymentCall>): Promise<Answer>;
  /** Lets everything come to rest; those who wait for a gate that nobody opens may go on waiting. */
  rest(): Promise<boolean>;
  run(id: string): Run | null;
  environment(name: string): Environment | undefined;
  /** The release whose content stands in the environment; null: none, or a mixture. */
  deployed(name: string): string | null;
  history(): Promise<History>;
}

const TARGETS = ['wheel-a', 'wheel-b'];

export function deploymentWorld(options: DeploymentOptions = {}): DeploymentWorld {
  const { faults = [], approves = true, behaviour = [], file = FILE } = options;
  const world = new World({ faults, seed: 1 });
  const releases = memoryReleases();
  const real = (ports: Ports): Ports => ({ ...ports, releases, kinds: kindsOn(ports.kinds) });
  const app = new SimulatedApp(world, behaviour, real);
  world.start(app);
  const people = new People(app, scenario({ pipeline: pipelineFor(0), runs: [], approves }));
  people.begin();
  const registered = file === null ? null : { name: PROJECT, settings: { yaml: file }, tag: '1' };
  const projects = { readProject: async (name: string) => (name === PROJECT ? registered : null) };
  const until = (isOver: () => boolean) => world.clock.runUntil(isOver, world.clock.now() + LIMIT_IN_MS);
  const isAtRest = () =>
    people.isIdle() && people.runs().every((run) => run.status !== 'running' || (!approves && isAtGate(run)));

  const begin = (call: DeploymentCall, got: (answer: Answer) => void) => {
    const invocation = world.newInvocation();
    const ports = { ...app.portsOf(invocation, null), projects, records: world.store };
    void answer({ error: () => undefined }, () => requestDeployment(ports, call))
      .then(got)
      .finally(() => world.endInvocation(invocation));
  };
  const asking = async (call: Partial<DeploymentCall>, again: boolean): Promise<Answer> => {
    const found: Answer[] = [];
    const whole = { ...CALL, ...call };
    const attempt = () => {
      if (found.length > 0) return;
      begin(whole, (given) => {
        if (!again || given.status !== 503) found.push(given);
      });
      if (again) world.clock.at(world.clock.now() + ASK_AGAIN_IN_MS, attempt);
    };
    attempt();
    await until(() => found.length > 0);
    const [first] = found;
    if (first === undefined) throw new Error('the request was never answered');
    return first;
  };
  const find = (id: string) => people.runs().find((run) => run.id === id) ?? null;
  return {
    ...{ world, app, releases },
    async release(order) {
      const event = requestOf(world, order);
      people.post(PROJECT, event.id, event);
      await until(() => find(event.id) !== null && isAtRest());
      const run = find(event.id);
      if (run === null) throw new Error(`release ${order} never began`);
      await releases.add(PROJECT, recordOf(order, world.clock.now()));
      return run;
    },
    ask: (call) => asking(call, false),
    insist: (call) => asking(call, true),
    rest: () => until(() => world.bus.size === 0 && isAtRest()),
    run: find,
    environment: (name) => world.store.partition(PROJECT).environments.get(name)?.value,
    deployed(name) {
      const [content, ...others] = TARGETS.map((target) =>
        app.outside.targets.get(`${PROJECT}/${name}/${target}`),
      );
      const is = (release: string) =>
        TARGETS.every((target, index) => [content, ...others][index] === contentFor(release, target));
      return releases.added.map((record) => record.name).find(is) ?? null;
    },
    async history() {
      const ended = await until(() => world.bus.size === 0 && isAtRest());
      return { world, app, outside: app.outside, runs: people.runs(), ended };
    },
  };
}

/** A rollback of production with everything that it needs. */
export const CALL: DeploymentCall = {
  kind: 'rollback',
  project: PROJECT,
  environment: 'production',
  key: 'key-1',
  traceparent: TRACE,
  body: JSON.stringify({ by: 'Olga', why: 'figures are wrong' }),
};

/** A body with these besides who and why. */
export function bodyWith(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ by: 'Olga', why: 'figures are wrong', ...fields });
}

function isAtGate({ stages }: Run): boolean {
  return stages.some(({ status }) => status === 'waiting-for-approval');
}

/** The synthetic kinds under the names that the project's pipeline has. */
function kindsOn(kinds: Ports['kinds']): Map<string, StepKind> {
  const put = kinds.get('put');
  const nothing: StepKind = { name: 'nothing', summary: 'nothing', apply: async () => ({ done: {} }) };
  if (put?.plan === undefined) throw new Error('the simulator has no kind "put"');
  const { plan } = put;
  const wheel: StepKind = {
    ...put,
    plan: (context) => plan({ ...context, input: { targets: TARGETS } }),
  };
  const names = { artifacts: nothing, configuration: nothing, wheel };
  return new Map(Object.entries(names));
}

function pipelineFor(order: number) {
  const kinds = new Set(['artifacts', 'configuration', 'wheel']);
  return pipelineOf(readProjectFile(FILE), { id: String(order) }, kinds);
}

function requestOf({ clock }: World, order: number): RunRequested {
  return {
    type: 'run-requested',
    at: clock.now(),
    project: PROJECT,
    id: `release-${order}`,
    kind: 'release',
    release: { name: `build-${order}`, order },
    requestedBy: REQUESTER,
    why: 'build completed',
    overridesFreeze: false,
    pipeline: pipelineFor(order),
    traceparent: TRACE,
  };
}

function recordOf(order: number, takenInAt: number) {
  const source = { build: String(order), number: `2026.${order}` };
  return { name: `build-${order}`, order, manifest: sha256(`manifest ${order}`), takenInAt, source };
}
