import type { AppConfigurationClient, Setting } from '../../engine/app-configuration-client.ts';
import { flagsInventory } from '../feature-flags/inventory.ts';
import { FLAG_KEY_PREFIX, flagIdOf } from '../feature-flags/setting.ts';
import { readFlagSource } from '../feature-flags/source.ts';
import { readInventory } from '../inventory.ts';
import { valuesOf } from '../run-inputs.ts';
import type { StepContext } from '../step.ts';
import type { RolloutFlag } from './flag.ts';

/** The step whose inventory says what deployments have done to flags. */
const FLAGS_STEP = 'feature-flags';

/** The flags of the release that have a rollout, as they stand. */
export interface RolloutSite {
  readonly client: AppConfigurationClient;
  readonly label: string;
  /** By name. */
  readonly flags: ReadonlyMap<string, RolloutFlag>;
  /** Another run is deploying flags just now. */
  readonly isBeingDeployed: boolean;
}

/** Looks at the store: one request a hundred flags. Null when the release has nothing to roll out. */
export async function readRolloutSite(context: StepContext): Promise<RolloutSite | null> {
  const source = await readFlagSource(context);
  const declared = source?.flags.filter(({ enabled, steps }) => enabled && steps.length > 0) ?? [];
  if (source === null || source.client === null || declared.length === 0) return null;
  const { client } = source;
  const { key: label } = await valuesOf(context);
  const inventory = context.inventories[FLAGS_STEP] ?? null;
  const stored = await readInventory({ content: context.content, inventory }, flagsInventory);
  const entries = stored?.endpoint === client.endpoint ? stored.flags : {};
  const settings = new Map<string, Setting>();
  for (const setting of await client.list(FLAG_KEY_PREFIX, label)) settings.set(flagIdOf(setting), setting);
  const flags = declared.map((flag) => {
    const setting = settings.get(flag.id) ?? null;
    return [flag.id, { flag, setting, entry: entries[flag.id] ?? null }] as const;
  });
  const isBeingDeployed = (inventory?.uncertain.length ?? 0) > 0;
  return { client, label, flags: new Map(flags), isBeingDeployed };
}
