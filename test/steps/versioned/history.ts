import type { Task } from '../../../sandbox/databricks/contract/job-settings.ts';
import type { RunScript } from '../../../sandbox/databricks/run-model.ts';
import type { DatabricksTwin } from '../../../sandbox/databricks/twin.ts';
import { createChance } from '../../../sandbox/twin/chance.ts';
import { notebooks } from '../../../shared/steps/notebooks.ts';
import { layoutOf } from '../../../shared/steps/release-layout.ts';
import type { DatabricksWorld } from '../databricks-world.ts';
import { databricksWorld, makeVolume } from '../databricks-world.ts';
import { contextOf } from '../step-runner.ts';
import { underVirtualTime } from '../virtual-time.ts';
import type { Reign } from './judge.ts';
import { activeTexts, judgeAccess, judgeLive, judgeNames, judgeRuns, judgeStorage } from './judge.ts';
import type { People } from './people.ts';
import { among, peopleAt } from './people.ts';
import type { Release } from './releases.ts';
import { LOADED, nextRelease } from './releases.ts';
import type { Stage } from './stage.ts';
import { stageOf } from './stage.ts';
import { makeTrouble } from './trouble.ts';

/** What a history of deployments came to. */
export interface Figures {
  deployments: number;
  succeeded: number;
  failed: number;
  refused: number;
  rollbacks: number;
  runs: number;
  /** Runs begin one, and every repair begins another. */
  attempts: number;
  loads: number;
  removed: number;
  kept: number;
  violations: string[];
}

interface Scene extends DatabricksWorld {
  readonly seed: number;
  readonly random: () => number;
  readonly people: People;
  /** What reaches the workspace without giving people a turn. */
  readonly handle: DatabricksTwin['handle'];
  readonly stage: Stage;
  readonly keep: number;
  readonly releases: Release[];
  /** Names of releases that went live, the oldest first. */
  readonly good: Release[];
  readonly reigns: Reign[];
  readonly names: Map<string, string>;
  readonly figures: Figures;
}

/**
 * Plays deployments of one project, one after the other, while people start, repair and cancel runs of its job, which
 * load their sources slowly. The same seed gives the same history.
 */
export async function playHistory(seed: number, deployments: number): Promise<Figures> {
  const scene = await newScene(seed);
  const { people, twin, random, figures } = scene;
  among(twin, people);
  for (let number = 1; number <= deployments; number += 1) {
    await deploy(scene, number);
    await pass(scene, random() < 0.3 ? 0 : Math.floor(random() * 40 * 60_000));
  }
  twin.handle = scene.handle;
  await pass({ ...scene, people: null }, 24 * 60 * 60_000);
  await lastDeployment(scene, deployments + 1);
  const judged = await judgeRuns(twin, people.runs, scene);
  figures.runs += people.runs.length;
  figures.attempts += judged.attempts;
  figures.loads += judged.loads;
  const breaches = twin.violations().map((breach) => `contract: ${JSON.stringify(breach)}`);
  figures.violations.push(...[...judged.violations, ...breaches].map((text) => `seed ${seed}: ${text}`));
  return figures;
}

async function newScene(seed: number): Promise<Scene> {
  const { random } = createChance(seed);
  const work = (task: Task) => workOf(task, random);
  const site = databricksWorld({
    metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/',
    work,
    taskPendingInMs: 20_000,
    chance: createChance(seed + 2),
  });
  await makeVolume(site.twin);
  const keep = 1 + Math.floor(random() * 3);
  // Some projects have lived in one place before.
  site.world.input = random() < 0.2 ? {} : { strategy: 'versioned', keep };
  const none = { deployments: 0, succeeded: 0, failed: 0, refused: 0, rollbacks: 0 };
  const figures = { ...none, runs: 0, attempts: 0, loads: 0, removed: 0, kept: 0, violations: [] };
  const lists = { releases: [], good: [], reigns: [], names: new Map() };
  const { handle } = site.twin;
  const people = peopleAt({ handle, clock: site.world.clock, random: createChance(seed + 1).random });
  const own = { seed, random, people, handle, keep, figures, stage: stageOf(site.world) };
  return { ...site, ...lists, ...own };
}

/** A task loads files that are beside its notebook while it works, some of them at the very end. */
function workOf(task: Task, random: () => number): RunScript {
  const path = task.notebook_task?.notebook_path ?? '';
  const folder = LOADED.map((name) => `/${name}`).reduce((left, name) => left.replace(name, ''), path);
  const durationInMs = Math.floor(1_000 + random() ** 3 * 12 * 60_000);
  const loads = LOADED.filter(() => random() < 0.7).map((name) => {
    return { path: `${folder}/${name}`, afterInMs: Math.floor(random() * durationInMs) };
  });
  loads.sort((left, right) => left.afterInMs - right.afterInMs);
  return { durationInMs, loads, result: random() < 0.2 ? 'FAILED' : 'SUCCESS' };
}

/** Lets time pass, and people do what they mean to do meanwhile. */
async function pass(
  { world: { clock }, people }: Pick<Scene, 'world'> & { readonly people: People | null },
  timeInMs: number,
): Promise<void> {
  const end = clock.now() + timeInMs;
  while (people !== null && people.nextAt() < end) {
    await underVirtualTime(clock, clock.sleep(people.nextAt() - clock.now()));
    await people.catchUp();
  }
  await underVirtualTime(clock, clock.sleep(end - clock.now()));
}

async function deploy(scene: Scene, number: number): Promise<void> {
  const { world, twin, random, good, figures } = scene;
  const release = await choose(scene, number);
  const { attempts } = makeTrouble(twin, random);
  world.run = `run-${number}`;
  world.artifacts = release.artifacts;
  figures.deployments += 1;
  const end = await carryOut(scene, release, attempts);
  twin.faults.clear();
  if (release.isBad && world.kind === 'release' && end.result === 'succeeded' && good.includes(release))
    scene.figures.violations.push(
      `seed ${scene.seed}: the wheel of ${release.name} has a name that is taken`,
    );
  // A second deployment in place would change files under running jobs, which is what versions are for.
  if (end.result !== 'refused') world.input = { strategy: 'versioned', keep: scene.keep };
}

/** The one that failed, once more; a new release, one that was live before, or the way back to it. */
async function choose(scene: Scene, number: number): Promise<Release> {
  const { world, random, good, releases, figures } = scene;
  const choice = random();
  const newest = releases.at(-1);
  if (newest !== undefined && !newest.isBad && !good.includes(newest) && random() < 0.5) return newest;
  const live = good.at(-1);
  const earlier = [...new Set(good)].filter((release) => release !== live);
  const chosen = earlier[Math.floor(random() ** 0.7 * earlier.length)];
  world.kind = 'release';
  if (choice < 0.2 && chosen !== undefined) {
    world.kind = 'rollback';
    figures.rollbacks += 1;
    return chosen;
  }
  if (choice < 0.4 && live !== undefined) {
    world.kind = 'redeploy';
    return random() < 0.5 || chosen === undefined ? live : chosen;
  }
  const release = await nextRelease(number, releases.at(-1) ?? null, random);
  releases.push(release);
  return release;
}

async function carryOut(scene: Scene, release: Release, attempts: number) {
  const { world, twin, stage, reigns, good, figures, names } = scene;
  const last = reigns.at(-1);
  if (last !== undefined) last.to = Math.min(last.to, world.clock.now());
  let used: string[] = [];
  const beforeCleaning = async () => {
    used = await underVirtualTime(world.clock, activeTexts(twin));
  };
  const end = await stage.deploy(attempts, beforeCleaning);
  figures[end.result] += 1;
  const violations = [...judgeNames(twin, names)];
  if (end.result === 'succeeded') {
    good.push(release);
    reigns.push({ release, from: world.clock.now(), to: Number.POSITIVE_INFINITY });
    const folder = await folderOf(scene);
    twin.faults.clear();
    violations.push(...judgeLive(twin, release, folder), ...(await judgeAccess(twin, folder)));
    if (world.input.strategy === 'versioned') violations.push(...judgeStorage(twin, scene.keep, used));
  }
  const output = end.cleaned?.output;
  if (output !== undefined && output !== null) {
    figures.removed += Number(output.removed);
    figures.kept += Array.isArray(output.kept) ? output.kept.length : 0;
  }
  figures.violations.push(...violations.map((text) => `seed ${scene.seed}, ${world.run}: ${text}`));
  return end;
}

async function folderOf({ world }: Scene): Promise<string> {
  const { notebookFolder } = await layoutOf(await contextOf(notebooks, world, null));
  return notebookFolder.replace(/^\/Workspace/, '');
}

/** When nothing runs any more and nothing fails, one deployment leaves no more than has to be there. */
async function lastDeployment(scene: Scene, number: number): Promise<void> {
  const { world, good, figures, twin, seed } = scene;
  const live = good.at(-1);
  if (live === undefined) return;
  world.input = { strategy: 'versioned', keep: scene.keep };
  world.kind = 'redeploy';
  world.run = `run-${number}`;
  world.artifacts = live.artifacts;
  figures.deployments += 1;
  const end = await carryOut(scene, live, 1);
  if (end.result !== 'succeeded')
    figures.violations.push(`seed ${seed}: the last deployment ${end.result}: ${end.why}`);
  figures.violations.push(
    ...judgeStorage(twin, scene.keep, []).map((text) => `seed ${seed}, at the end: ${text}`),
  );
}
