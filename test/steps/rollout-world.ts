import type { DatabricksTwin } from '../../sandbox/databricks/twin.ts';
import type { Json } from '../../shared/release/canonical-json.ts';
import { featureFlags } from '../../shared/steps/feature-flags.ts';
import { featureRollout } from '../../shared/steps/feature-rollout.ts';
import type { StepOutcome } from '../../shared/steps/step.ts';
import type { FlagWorld } from './app-configuration-world.ts';
import { flagWorld, shareOf } from './app-configuration-world.ts';
import { databricksWorld, WORKSPACE } from './databricks-world.ts';
import type { World } from './step-runner.ts';
import { contextOf, runToEnd } from './step-runner.ts';
import { underVirtualTime } from './virtual-time.ts';

/** What a look came to, and the share of each flag whenever it changed, with the minute. */
export interface RolloutWorld extends FlagWorld {
  readonly workspace: DatabricksTwin;
  /** `[minute, flag, share]` of every change of a share since the beginning. */
  readonly shares: readonly (readonly [number, string, ReturnType<typeof shareOf>])[];
  /** When each of these changes was, in milliseconds of the clock. */
  readonly instants: readonly number[];
  /** Deploys flags and keeps the inventory for the rollout. */
  deploy(name: string, flags: readonly object[] | null): Promise<void>;
  rollBack(name: string): Promise<void>;
  /** The rollout of the release that was deployed last. */
  rollout(): Rollout;
  pass(minutes: number): Promise<void>;
  minute(): number;
  /** Runs a job to its end within a minute; made where it is not there. */
  runJob(name: string, result?: 'SUCCESS' | 'FAILED', minutes?: number): Promise<void>;
  makeJob(name: string): Promise<void>;
  /** Runs a job so often, four times a minute, all well. */
  runOften(name: string, times: number): Promise<void>;
}

/** One run's rollout: asked again as the engine would. */
export interface Rollout {
  /** One call of the step. */
  look(): Promise<StepOutcome>;
  /** Calls until the step has ended; `between` is called before each. */
  toEnd(between?: (minute: number) => void | Promise<void>): Promise<StepOutcome>;
  /** The same call once more, as after a crash: the memo is the old one. */
  lookAgain(): Promise<StepOutcome>;
  /** Makes the memo that of another version. */
  changeMemo(change: (memo: Readonly<Record<string, Json>>) => Json): void;
  readonly world: World;
}

const MINUTE = 60_000;

/** A world with a store and a workspace, whose production has a stage that moves rollouts. */
export function rolloutWorld(ids: readonly string[] = ['forecast']): RolloutWorld {
  const { world: base, twin: workspace } = databricksWorld({ limits: [] });
  const { clock, clients } = base;
  const site = flagWorld(
    {},
    {
      clock,
      clients: { databricks: clients.databricks },
      values: { variables: { databricksWorkspaceUrl: WORKSPACE } },
    },
  );
  const startedAt = clock.now();
  const minute = () => (clock.now() - startedAt) / MINUTE;
  const shares: (readonly [number, string, ReturnType<typeof shareOf>])[] = [];
  const instants: number[] = [];
  const note = () => {
    for (const id of ids) {
      const share = shareOf(site, id);
      const last = shares.findLast(([, name]) => name === id)?.[2] ?? 'none';
      if (last === share) continue;
      shares.push([Math.floor(minute()), id, share]);
      instants.push(clock.now());
    }
  };
  const { handle } = site.store;
  site.store.handle = async (request) => {
    try {
      return await handle(request);
    } finally {
      note();
    }
  };
  const deployFlags = async () => {
    const { world } = site;
    const stage = { stage: 'production', input: { gradual: true } };
    Object.assign(world, { ...stage, inventory: world.inventories['feature-flags'] ?? NOTHING });
    const { refused } = await runToEnd(featureFlags, world);
    if (refused !== null) throw new Error(refused);
    world.inventories = { ...world.inventories, 'feature-flags': world.inventory };
  };
  const pass = (minutes: number) => underVirtualTime(clock, clock.sleep(minutes * MINUTE));
  return {
    ...site,
    ...jobsOf(workspace, pass),
    workspace,
    shares,
    instants,
    pass,
    minute,
    async deploy(name, flags) {
      site.release(name, flags);
      await deployFlags();
    },
    async rollBack(name) {
      site.rollBackTo(name);
      await deployFlags();
    },
    rollout: () => rolloutOf(site.world, minute),
  };
}

const NOTHING = { digest: null, uncertain: [] };

/** A run keeps its release; what the environment's inventory says may change under it. */
function rolloutOf(shared: World, minute: () => number): Rollout {
  const world: World = { ...shared, stage: 'rollout', input: {}, inventory: NOTHING };
  let memo: Json = null;
  let before: Json = null;
  const call = async (): Promise<StepOutcome> => {
    Object.assign(world, { inventories: { ...shared.inventories } });
    before = memo;
    const context = await contextOf(featureRollout, world, memo);
    const outcome = await underVirtualTime(world.clock, featureRollout.apply(context, []));
    if ('waiting' in outcome) memo = JSON.parse(JSON.stringify(outcome.waiting.memo)) as Json;
    return outcome;
  };
  return {
    world,
    look: call,
    changeMemo(change) {
      memo = change(memo as Readonly<Record<string, Json>>);
    },
    lookAgain: () => {
      memo = before;
      return call();
    },
    async toEnd(between = () => {}) {
      for (;;) {
        await between(minute());
        const outcome = await call();
        if (!('waiting' in outcome)) return outcome;
        const wait = outcome.waiting.until - world.clock.now();
        await underVirtualTime(world.clock, world.clock.sleep(Math.max(0, wait)));
      }
    },
  };
}

function jobsOf(workspace: DatabricksTwin, pass: (minutes: number) => Promise<void>) {
  const ids = new Map<string, string>();
  const post = async (path: string, body: string) => {
    const request = { method: 'POST', url: `${WORKSPACE}${path}`, headers: {} };
    const response = await workspace.handle({ ...request, body: Buffer.from(body) });
    const text = Buffer.from(response.body).toString();
    if (response.status !== 200) throw new Error(`${path}: ${text}`);
    return text;
  };
  const makeJob = async (name: string) => {
    const content = Buffer.from('# Databricks notebook source\n1').toString('base64');
    const notebook = { path: '/Shared/nb.py', content, format: 'AUTO', overwrite: true };
    await post('/api/2.0/workspace/import', JSON.stringify(notebook));
    const tasks = [{ task_key: 'a', notebook_task: { notebook_path: '/Shared/nb' } }];
    const answer = await post(
      '/api/2.2/jobs/create',
      JSON.stringify({ name, tasks, max_concurrent_runs: 10 }),
    );
    // Ids may be larger than numbers.
    ids.set(name, /"job_id":\s*(\d+)/.exec(answer)?.[1] ?? '');
  };
  const runNow = (name: string) => post('/api/2.2/jobs/run-now', `{"job_id":${ids.get(name)}}`);
  return {
    makeJob,
    async runOften(name: string, times: number) {
      workspace.scriptRuns({ job: name, times, pendingInMs: 0, durationInMs: 1_000 });
      for (let run = 0; run < times; run += 1) {
        await runNow(name);
        await pass(0.25);
      }
    },
    async runJob(name: string, result: 'SUCCESS' | 'FAILED' = 'SUCCESS', minutes = 0) {
      if (!ids.has(name)) await makeJob(name);
      workspace.scriptRuns({ job: name, times: 1, result, durationInMs: minutes * MINUTE, error: 'boom' });
      await runNow(name);
      if (minutes === 0) await pass(0.5);
    },
  };
}
