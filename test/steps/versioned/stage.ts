import type { Inventory } from '../../../shared/release/model.ts';
import type { Change } from '../../../shared/release/plan.ts';
import { cleanUp } from '../../../shared/steps/clean-up.ts';
import { databricksConfig } from '../../../shared/steps/databricks-config.ts';
import { notebooks } from '../../../shared/steps/notebooks.ts';
import type { StepKind } from '../../../shared/steps/step.ts';
import { wheel } from '../../../shared/steps/wheel.ts';
import type { StepRun, World } from '../step-runner.ts';
import { apply, plan } from '../step-runner.ts';
import { underVirtualTime } from '../virtual-time.ts';

const KINDS: readonly StepKind[] = [wheel, notebooks, databricksConfig, cleanUp];

/** How a deployment ended: refused before anything was written, failed in the middle, or well. */
export interface StageEnd {
  readonly result: 'refused' | 'failed' | 'succeeded';
  readonly why: string;
  /** What became of the cleaning; null when it was not reached or had nothing to do. */
  readonly cleaned: StepRun | null;
}

/** The steps of one environment, each with its inventory. */
export interface Stage {
  /**
   * Plans all steps, then applies them one after the other, as the engine does with a stage.
   * @param beforeCleaning is called when all is switched.
   */
  deploy(attempts: number, beforeCleaning: () => Promise<void>): Promise<StageEnd>;
}

/** Makes the stage of a world. */
export function stageOf(world: World): Stage {
  const inventories: Record<string, Inventory> = {};
  const within = async <Result>(kind: StepKind, work: () => Promise<Result>): Promise<Result> => {
    world.inventory = inventories[kind.name] ?? { digest: null, uncertain: [] };
    world.inventories = inventories;
    try {
      return await work();
    } finally {
      inventories[kind.name] = world.inventory;
    }
  };
  const attempt = async (
    kind: StepKind,
    changes: readonly Change[],
    attempts: number,
  ): Promise<StepRun | string> => {
    for (let tries = 1; ; tries += 1) {
      try {
        const ended = await within(kind, () => apply(kind, world, changes));
        return ended.refused ?? ended;
      } catch (error) {
        if (tries === attempts) return messageIn(error);
        await underVirtualTime(world.clock, world.clock.sleep(30_000));
      }
    }
  };
  return {
    async deploy(attempts, beforeCleaning) {
      const plans = new Map<StepKind, readonly Change[]>();
      for (const kind of KINDS) {
        const planned = await within(kind, () => plan(kind, world)).catch(messageIn);
        if (typeof planned === 'string') return { result: 'refused', why: planned, cleaned: null };
        plans.set(kind, planned);
      }
      let cleaned: StepRun | null = null;
      for (const [kind, changes] of plans) {
        if (kind === cleanUp) await beforeCleaning();
        if (changes.length === 0) continue;
        const ended = await attempt(kind, changes, attempts);
        if (typeof ended === 'string')
          return { result: 'failed', why: `${kind.name}: ${ended}`, cleaned: null };
        if (kind === cleanUp) cleaned = ended;
      }
      return { result: 'succeeded', why: '', cleaned };
    },
  };
}

function messageIn(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
