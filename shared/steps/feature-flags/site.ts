import * as z from 'zod';
import type { AppConfigurationClient, Setting, SettingPlace } from '../../engine/app-configuration-client.ts';
import { Refusal, UnreadableInput } from '../../errors.ts';
import { readInventory, uncertainChanges } from '../inventory.ts';
import { valuesOf } from '../run-inputs.ts';
import type { StepContext } from '../step.ts';
import type { Decision, FlagCase, Mode } from './decision.ts';
import { decideFlag } from './decision.ts';
import type { DeclaredFlag } from './file.ts';
import { FLAGS_FILE } from './file.ts';
import type { FlagEntry } from './inventory.ts';
import { flagsInventory } from './inventory.ts';
import { FLAG_KEY_PREFIX, flagIdOf } from './setting.ts';
import { readFlagSource } from './source.ts';

/** The store, what stands in it, what the release wants of it, and what releases have put there. */
export interface FlagSite {
  /** Null while the infrastructure that makes the store has not been deployed: then nothing stands in it. */
  readonly client: AppConfigurationClient | null;
  readonly label: string;
  readonly flags: readonly DeclaredFlag[];
  /** By name. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** By name; what was put into another store does not count. */
  readonly entries: Readonly<Record<string, FlagEntry>>;
  /** Names of flags that an interrupted step may have put there. */
  readonly uncertain: ReadonlySet<string>;
  readonly mode: Mode;
}

const inputShape = z.object({ gradual: z.boolean().default(false) });

/**
 * Looks at the store: one request a hundred flags. Null where there is nothing to do with any store.
 * @throws Refusal when the release's file is wrong or the store does not let us in.
 */
export async function readFlagSite(context: StepContext): Promise<FlagSite | null> {
  const input = inputShape.safeParse(context.input);
  if (!input.success) throw new UnreadableInput(`input of feature-flags: ${z.prettifyError(input.error)}`);
  const inventory = await readInventory(context, flagsInventory);
  const source = await readFlagSource(context);
  const uncertain = (await uncertainChanges(context)).flatMap(({ data }) =>
    typeof data?.id === 'string' ? [data.id] : [],
  );
  const hasFlags = Object.values(inventory?.flags ?? {}).some(({ declaration }) => declaration !== null);
  if (source === null && !hasFlags && uncertain.length === 0) return null;
  const client = source === null ? lastStore(context, inventory?.endpoint) : source.client;
  const { key: label } = await valuesOf(context);
  const settings = (await client?.list(FLAG_KEY_PREFIX, label)) ?? [];
  return {
    client,
    label,
    flags: source?.flags ?? [],
    settings: new Map(settings.map((setting) => [flagIdOf(setting), setting])),
    entries: inventory !== null && inventory.endpoint === client?.endpoint ? inventory.flags : {},
    uncertain: new Set(uncertain),
    mode: { gradual: input.data.gradual, isRollback: context.run.kind === 'rollback' },
  };
}

/** The store of earlier releases, for one that has no flags any more. */
function lastStore({ clients }: StepContext, endpoint: string | undefined): AppConfigurationClient {
  if (endpoint !== undefined) return clients.appConfiguration(endpoint);
  throw new Refusal(
    `The release has no ${FLAGS_FILE}, and an interrupted one may have put flags into a store. Release it with the ` +
      'file and an empty list of feature_flags, so that Slipway knows where to look.',
  );
}

/** Where a flag is. */
export function placeOf({ label }: Pick<FlagSite, 'label'>, id: string): SettingPlace {
  return { key: `${FLAG_KEY_PREFIX}${id}`, label };
}

/** A flag with all that is known of it. */
export function caseOf(site: FlagSite, id: string, current: Setting | null): FlagCase {
  return {
    id,
    declared: site.flags.find((flag) => flag.id === id) ?? null,
    current,
    entry: site.entries[id] ?? null,
    isUncertain: site.uncertain.has(id),
  };
}

/** Decides for every flag of the release, of the inventory and of interrupted steps, by name. */
export async function decideAll(
  context: StepContext,
  site: FlagSite,
): Promise<readonly { readonly flag: FlagCase; readonly decision: Decision }[]> {
  const ids = new Set([...site.flags.map(({ id }) => id), ...Object.keys(site.entries), ...site.uncertain]);
  const flags = [...ids].sort().map((id) => caseOf(site, id, site.settings.get(id) ?? null));
  return Promise.all(
    flags.map(async (flag) => ({ flag, decision: await decideFlag(context, flag, site.mode) })),
  );
}
