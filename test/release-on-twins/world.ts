import type { SandboxProject } from '../../sandbox/release/project.ts';
import { slipwayYaml } from '../../sandbox/release/project.ts';
import type { Twin } from '../../sandbox/twin/model.ts';
import { serviceClients } from '../../shared/adapters/service-clients.ts';
import { readConfig } from '../../shared/config.ts';
import type { Ports } from '../../shared/engine/engine-ports.ts';
import { pipelineOf } from '../../shared/project/pipeline-of.ts';
import { readProjectFile } from '../../shared/project/project-file.ts';
import type { RunRequested } from '../../shared/release/events.ts';
import type { Run } from '../../shared/release/model.ts';
import type { Pipeline } from '../../shared/release/pipeline.ts';
import { environmentPipeline } from '../../shared/release/rollback.ts';
import { stepKinds } from '../../shared/steps/registry.ts';
import { SimulatedApp } from '../engine/simulator/app.ts';
import type { Fault } from '../engine/simulator/faults.ts';
import { People } from '../engine/simulator/people.ts';
import type { History } from '../engine/simulator/play.ts';
import { REQUESTER, scenario, TRACE } from '../engine/simulator/scenario.ts';
import type { Invocation } from '../engine/simulator/world.ts';
import { World } from '../engine/simulator/world.ts';
import { memoryReleases } from '../steps/intake-world.ts';
import { twinHttpClient } from '../steps/twin-http-client.ts';
import type { HttpCall } from './http-port.ts';
import { httpPort } from './http-port.ts';
import { kindsAt, watched } from './real-steps.ts';
import { RealWork } from './real-work.ts';
import type { Twins, TwinsOptions } from './twins.ts';
import { newTwins, PROJECT, publishBuild } from './twins.ts';

/** Files of the artifacts of a build, by artifact and path. */
export type BuildContent = Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>>;

/** The whole service with its real steps and clients, and the twins, in one virtual time. */
export interface ReleaseWorld {
  readonly world: World;
  readonly app: SimulatedApp;
  readonly twins: Twins;
  readonly http: readonly HttpCall[];
  /** Publishes a build and takes it through all stages, gates approved. */
  release(content: BuildContent): Promise<Run>;
  /** The same for a build that was published before. */
  releaseBuild(build: number): Promise<Run>;
  /** Puts the release of an earlier run into one environment again. */
  redeploy(of: Run, environment: string): Promise<Run>;
  /** Rolls one environment back to the release of an earlier run. */
  rollback(to: Run, environment: string): Promise<Run>;
  /** Takes a failed run up again. */
  retry(of: Run): Promise<Run>;
  /** All that has happened, for the invariants. */
  history(): History;
}

export interface ReleaseWorldOptions extends TwinsOptions {
  readonly faults?: readonly Fault[];
  readonly seed?: number;
  /** Whether somebody approves what waits for it; true by default. */
  readonly approves?: boolean;
  /** The only environment that releases go to; all by default. */
  readonly only?: string;
  /** Client ids of those who deploy, by key of the environment; Slipway itself where there is none. */
  readonly identities?: Readonly<Record<string, string>>;
  /** How releases follow each other in an environment; `in-place` where nothing is said. */
  readonly strategies?: NonNullable<SandboxProject['strategies']>;
  /** Steps that releases leave out from now on. */
  readonly skip?: NonNullable<SandboxProject['skip']>;
  /** What stands at an origin instead of its twin; null: nobody answers there. */
  readonly instead?: Readonly<Record<string, Pick<Twin, 'handle'> | null>>;
}

/** Far more than any bound on recovery. */
const LIMIT_IN_MS = 36 * 60 * 60_000;

/** Makes a world in which nothing has been released yet. */
export function newReleaseWorld(options: ReleaseWorldOptions = {}): ReleaseWorld {
  const { faults = [], seed = 1 } = options;
  const world = new World({ faults, seed });
  const work = new RealWork(world);
  const twins = newTwins(work.twinClock(), options);
  const http: HttpCall[] = [];
  const wire = twinHttpClient(reached(twins, options.instead ?? {}));
  const network = httpPort({ world, work, faults, wire, calls: http });
  const clients = clientsIn({ work, twins, network });
  const releases = memoryReleases();
  const kinds = kindsAt(work);
  const real = (ports: Ports, invocation: Invocation): Ports => ({
    ...{ ...ports, kinds, releases },
    clientsFor: clients(invocation, ports),
    content: watched(ports.content, work),
  });
  const app = new SimulatedApp(world, [], real);
  world.start({
    handle: (invocation, delivery) => work.by(invocation, () => app.handle(invocation, delivery)),
    deadLetter: (invocation, queue, message) => app.deadLetter(invocation, queue, message),
  });
  const people = new People(
    app,
    scenario({ pipeline: pipelineFor(twins, 0, options), runs: [], approves: options.approves ?? true }),
  );
  people.begin();
  const parts = { world, app, twins, http };
  let ended = true;
  const tell = async (id: string, event: object, isHeard: () => boolean): Promise<Run> => {
    people.post(PROJECT, id, event);
    ended = await playOn({ world, work, isIdle: () => isHeard() && isOver(people) });
    const run = people.runs().find((each) => each.id === id);
    if (run === undefined) throw new Error('the request was lost');
    return run;
  };
  const play = (request: RunRequested): Promise<Run> => {
    const runs = people.runs().length + 1;
    return tell(request.id, request, () => people.runs().length >= runs);
  };
  const releaseBuild = (build: number) => {
    const release = { name: `build-${build}`, order: build };
    const pipeline = pipelineFor(twins, build, options);
    return play(requestOf(world, { id: `release-${build}`, kind: 'release', release, pipeline }));
  };
  const playAgain = (
    kind: 'redeploy' | 'rollback',
    { release, pipeline: whole }: Run,
    environment: string,
  ) => {
    const id = `${kind}-${people.runs().length + 1}`;
    const pipeline = environmentPipeline(whole, environment, { gated: true });
    return play(requestOf(world, { id, kind, release, pipeline }));
  };
  return {
    ...parts,
    release: (content) => releaseBuild(publishBuild(twins, content)),
    releaseBuild,
    redeploy: (of, environment) => playAgain('redeploy', of, environment),
    rollback: (to, environment) => playAgain('rollback', to, environment),
    retry(of) {
      const retried = { type: 'retry-requested', at: world.clock.now(), by: REQUESTER, why: 'mended' };
      const isHeard = () => people.runs().some(({ id, version }) => id === of.id && version > of.version);
      return tell(of.id, retried, isHeard);
    },
    history: () => ({ world, app, outside: app.outside, runs: people.runs(), ended }),
  };
}

function reached({ byOrigin }: Twins, instead: NonNullable<ReleaseWorldOptions['instead']>) {
  const all = Object.entries({ ...byOrigin, ...instead });
  return Object.fromEntries(
    all.flatMap(([origin, twin]) => (twin === null ? [] : [[origin, twin] as const])),
  );
}

function isOver(people: People): boolean {
  return people.isIdle() && people.runs().every(({ status }) => status !== 'running');
}

/** Moves time, timer by timer, and lets it stand while somebody works in real time. */
async function playOn(what: {
  readonly world: World;
  readonly work: RealWork;
  readonly isIdle: () => boolean;
}): Promise<boolean> {
  const { world, work, isIdle } = what;
  const limit = world.clock.now() + LIMIT_IN_MS;
  for (;;) {
    await work.isDone();
    if (world.bus.size === 0 && isIdle()) return true;
    let steps = 0;
    const isMoved = () => {
      steps += 1;
      return steps > 1;
    };
    if (!(await world.clock.runUntil(isMoved, limit))) return false;
  }
}

/** The clients as a process has them: what it shares goes with it when it dies. */
function clientsIn({
  work,
  twins,
  network,
}: {
  readonly work: RealWork;
  readonly twins: Twins;
  readonly network: ReturnType<typeof httpPort>;
}) {
  const config = readConfig(SETTINGS);
  let limits = work.limits();
  let members: Invocation[] = [];
  return (invocation: Invocation, { clock }: Ports) => {
    if (members.some(({ alive }) => !alive)) {
      limits = work.limits();
      members = [];
    }
    members.push(invocation);
    return serviceClients({
      config,
      identityFor: (id) => (id === null ? twins.identity : twins.identityOf(id)),
      clock,
      limits,
      httpClient: network(invocation),
    });
  };
}

/** None of these is ever reached: store and bus are the simulator's. */
const SETTINGS = {
  ServiceBus__fullyQualifiedNamespace: 'slipway.servicebus.windows.net',
  Storage__tableServiceUri: 'https://slipway.table.core.windows.net',
  Storage__blobServiceUri: 'https://slipway.blob.core.windows.net',
  WEBHOOK_PASSWORDS: 'no-webhook-comes-in-here',
};

/** The pipeline of the sandbox's project file for a build. Approvals expire within the time that is played. */
function pipelineFor(
  { artifactsPipeline }: Twins,
  build: number,
  { only, strategies = {}, skip = [], identities = {} }: ReleaseWorldOptions,
): Pipeline {
  const variables = { dev: {}, stg: {}, prod: {} };
  const project = { name: PROJECT, artifacts: {}, variables, strategies, skip };
  const yaml = slipwayYaml(project, artifactsPipeline).replaceAll(
    'approvals: 1',
    'approvals: 1, approvalExpires: 1 hour',
  );
  const withIdentities = Object.entries(identities).reduce(
    (text, [key, identity]) => text.replace(`key: ${key},`, `key: ${key}, identity: ${identity},`),
    yaml,
  );
  const whole = pipelineOf(
    readProjectFile(withIdentities),
    { id: String(build) },
    new Set(stepKinds().keys()),
  );
  return only === undefined ? whole : environmentPipeline(whole, only, { gated: true });
}

function requestOf(
  { clock }: World,
  request: Pick<RunRequested, 'id' | 'kind' | 'release' | 'pipeline'>,
): RunRequested {
  return {
    type: 'run-requested',
    at: clock.now(),
    project: PROJECT,
    requestedBy: REQUESTER,
    why: 'build completed',
    overridesFreeze: false,
    traceparent: TRACE,
    ...request,
  };
}
