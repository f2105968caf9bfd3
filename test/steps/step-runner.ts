import type { Clients } from '../../shared/engine/clients.ts';
import type { ContentStore, Releases } from '../../shared/engine/ports.ts';
import type { ArtifactName } from '../../shared/project/manifest.ts';
import { ARTIFACT_NAMES, storeManifest } from '../../shared/project/manifest.ts';
import type { EnvironmentSnapshot } from '../../shared/project/snapshot.ts';
import { storeSnapshot } from '../../shared/project/snapshot.ts';
import type { Json } from '../../shared/release/canonical-json.ts';
import { sha256 } from '../../shared/release/canonical-json.ts';
import type { Inventory } from '../../shared/release/model.ts';
import type { Change } from '../../shared/release/plan.ts';
import { sortChanges, stepPlan } from '../../shared/release/plan.ts';
import type { StepContext, StepKind } from '../../shared/steps/step.ts';
import { NO_CLIENTS, NO_RELEASES } from '../engine/simulator/no-clients.ts';
import type { VirtualClock } from '../engine/simulator/virtual-clock.ts';
import { newClock, underVirtualTime } from './virtual-time.ts';

/** Files of artifacts as a build publishes them: content by path. */
export type Artifacts = Partial<Record<ArtifactName, Readonly<Record<string, string | Uint8Array>>>>;

/** What a step runs in, beside the twins: its run, its environment's values and its inventory. Tests change it freely. */
export interface World {
  readonly clock: VirtualClock;
  readonly contents: Map<string, Uint8Array>;
  readonly log: string[];
  clients: Clients;
  releases: Releases;
  artifacts: Artifacts;
  project: string;
  environment: string;
  stage: string;
  /** Name of the run and of its release: a new deployment should have new ones. */
  run: string;
  /** Name of the release where it is not that of the run. */
  release: string | null;
  kind: StepContext['run']['kind'];
  values: EnvironmentSnapshot;
  /** Values of the project's other environments. */
  others: Record<string, EnvironmentSnapshot>;
  /** Outputs of other steps by `stage/step`; those of the intake stage are filled in. */
  outputs: Record<string, Record<string, Json>>;
  input: Record<string, unknown>;
  inventory: Inventory;
  /** What the environment's other steps have put there, by step name. */
  inventories: Record<string, Inventory>;
  /** Cancels the run when aborted. */
  abort: AbortController;
  /** Steps of later stages, each in its own world. */
  ahead: readonly { readonly kind: StepKind; readonly world: World; readonly mayFail?: boolean }[];
}

/** Makes a world with nothing in it: project parking-sensors, environment dev. */
export function newWorld({ clients = {}, clock = newClock(), ...rest }: NewWorld = {}): World {
  const values = { key: 'dev', subscription: '11111111-1111-4111-8111-111111111111' };
  return {
    clock,
    contents: new Map(),
    log: [],
    releases: NO_RELEASES,
    artifacts: {},
    project: 'parking-sensors',
    environment: 'dev',
    stage: 'dev',
    run: 'release-1',
    release: null,
    kind: 'release',
    outputs: {},
    input: {},
    others: {},
    inventory: { digest: null, uncertain: [] },
    inventories: {},
    abort: new AbortController(),
    ahead: [],
    ...rest,
    clients: { ...NO_CLIENTS, ...clients },
    values: { ...values, variables: {}, secrets: {}, ...rest.values },
  };
}

export type NewWorld = Partial<Omit<World, 'clients' | 'values'>> & {
  readonly clients?: Partial<Clients>;
  readonly values?: Partial<EnvironmentSnapshot>;
};

/** What became of one step: its plan, and how its application ended. */
export interface StepRun {
  readonly changes: readonly Change[];
  /** Null when nothing was applied, because nothing was to change, or when the step refused. */
  readonly output: Readonly<Record<string, Json>> | null;
  readonly refused: string | null;
  /** How often `apply` was called until it was done. */
  readonly calls: number;
}

/** Only plans. What the plan throws, a Refusal above all, comes through. */
export function plan(kind: StepKind, world: World): Promise<readonly Change[]> {
  return underVirtualTime(world.clock, planIn(kind, world));
}

/**
 * Plans and applies a step as the engine does: asks again while it waits, and keeps its inventory. What it throws
 * comes through, and leaves its plan uncertain, as a technical failure does.
 * @param appliesUnchanged apply also without a change, as the pipeline says for kinds whose output is needed.
 */
export function runToEnd(
  kind: StepKind,
  world: World,
  { appliesUnchanged = false }: { readonly appliesUnchanged?: boolean } = {},
): Promise<StepRun> {
  const run = async (): Promise<StepRun> => {
    const changes = kind.plan === undefined ? [] : await planIn(kind, world);
    if (kind.plan !== undefined && changes.length === 0 && !appliesUnchanged)
      return { changes, output: null, refused: null, calls: 0 };
    return applyIn(kind, world, changes);
  };
  return underVirtualTime(world.clock, run());
}

/** Applies changes that were planned before, e.g. for another state of the world. */
export function apply(kind: StepKind, world: World, changes: readonly Change[]): Promise<StepRun> {
  return underVirtualTime(world.clock, applyIn(kind, world, changes));
}

async function planIn(kind: StepKind, world: World): Promise<Change[]> {
  const changes = sortChanges((await kind.plan?.(await contextOf(kind, world, null))) ?? []);
  await contentOf(world).put(stepPlan(changes).text);
  return changes;
}

async function applyIn(kind: StepKind, world: World, planned: readonly Change[]): Promise<StepRun> {
  const changes = sortChanges(planned);
  const { text, digest } = stepPlan(changes);
  if (changes.length > 0 && !world.inventory.uncertain.includes(digest))
    world.inventory = { ...world.inventory, uncertain: [...world.inventory.uncertain, digest] };
  let memo: Json = null;
  for (let calls = 1; ; calls += 1) {
    const stored = JSON.parse(text) as Change[];
    const outcome = await kind.apply(await contextOf(kind, world, memo), stored);
    if ('refused' in outcome) return { changes, output: null, refused: outcome.refused, calls };
    if ('done' in outcome) {
      const { inventory } = outcome.done;
      if (typeof inventory === 'string') world.inventory = { digest: inventory, uncertain: [] };
      return { changes, output: outcome.done, refused: null, calls };
    }
    memo = JSON.parse(JSON.stringify(outcome.waiting.memo)) as Json;
    await world.clock.sleep(Math.max(0, outcome.waiting.until - world.clock.now()));
  }
}

/** What the step is told, as the engine tells it. */
export async function contextOf(kind: StepKind, world: World, memo: Json): Promise<StepContext> {
  const content = contentOf(world);
  const { project, environment, stage, run, values, clock, log } = world;
  const snapshot = await storeSnapshot(content, {
    schema: 1,
    project,
    environments: { ...world.others, [environment]: values },
  });
  const intake = {
    'intake/artifacts': { manifest: await manifestIn(world, content) },
    'intake/configuration': { snapshot },
  };
  const write = (text: string) => void log.push(text);
  const ahead = world.ahead.map(async (next) => ({
    kind: next.kind.name,
    mayFail: next.mayFail ?? false,
    context: await contextOf(next.kind, next.world, null),
  }));
  const upcoming = await Promise.all(ahead);
  return {
    project,
    run: { id: run, kind: world.kind, release: world.release ?? run },
    stage,
    environment,
    step: kind.name,
    key: `${run}/${stage}/${kind.name}`,
    attempt: 1,
    memo,
    input: world.input,
    outputs: { ...intake, ...world.outputs },
    inventory: world.inventory,
    inventories: { ...world.inventories, [kind.name]: world.inventory },
    upcoming: () => upcoming,
    clients: world.clients,
    releases: world.releases,
    signal: world.abort.signal,
    clock,
    content,
    log: { info: write, warn: write, error: write },
  };
}

async function manifestIn({ artifacts }: World, content: ContentStore): Promise<string> {
  const listed = await Promise.all(
    ARTIFACT_NAMES.filter((name) => artifacts[name] !== undefined).map(async (name) => {
      const files = Object.entries(artifacts[name] ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
      const entries = files.map(async ([path, bytes]) => ({
        path,
        size: Buffer.byteLength(bytes),
        sha256: await content.put(bytes),
      }));
      return [name, await Promise.all(entries)] as const;
    }),
  );
  return storeManifest(content, { schema: 1, artifacts: Object.fromEntries(listed) });
}

/** The content store of a world. */
export function contentOf({ contents }: Pick<World, 'contents'>): ContentStore {
  return {
    async put(bytes) {
      const digest = sha256(bytes);
      contents.set(digest, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
      return digest;
    },
    async get(digest) {
      const bytes = contents.get(digest);
      if (bytes === undefined) throw new Error(`there is no content ${digest}`);
      return bytes;
    },
    has: async (digest) => contents.has(digest),
  };
}
