import * as z from 'zod';
import type {
  AppConfigurationClient,
  Setting,
  SettingContent,
} from '../../engine/app-configuration-client.ts';
import { TransientFailure } from '../../errors.ts';
import type { Json } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import { inParallel } from '../in-parallel.ts';
import { storeInventory } from '../inventory.ts';
import type { StepContext, StepOutcome } from '../step.ts';
import type { Decision, FlagCase } from './decision.ts';
import { decideFlag } from './decision.ts';
import { FLAGS_FILE } from './file.ts';
import type { FlagEntry, FlagsInventory } from './inventory.ts';
import { keepContent, keptContent } from './inventory.ts';
import { changeOf } from './plan.ts';
import { describeStep, flagContent, marksOf } from './setting.ts';
import type { FlagSite } from './site.ts';
import { caseOf, placeOf } from './site.ts';

/** Work that is not over after this time goes on in another invocation. */
const LONGEST_IN_MS = 60_000;
/** How often a flag is looked at anew that a rollout or a person moves at this very moment. */
const TRIES = 4;

/** What was removed: its digest by name. Noted before, since a flag that is gone cannot say what it was. */
const memoShape = z.object({ removed: z.record(z.string(), z.string()) });
type Removed = z.infer<typeof memoShape>['removed'];

/** Brings the flags of a plan to what was decided for them. What is so already is left alone. */
export async function carryOut(
  context: StepContext,
  site: FlagSite,
  changes: readonly Change[],
): Promise<StepOutcome> {
  const { client } = site;
  if (client === null)
    return {
      refused: `The endpoint of ${FLAGS_FILE} is an output that the infrastructure of this stage does not give.`,
    };
  const memo = memoShape.safeParse(context.memo);
  const removed = memo.success ? memo.data.removed : await keepRemoved(context, site, changes);
  const again = { waiting: { until: context.clock.now(), memo: { removed } } };
  if (!memo.success && Object.keys(removed).length > 0) return again;
  const end = context.clock.now() + LONGEST_IN_MS;
  const settings = new Map(site.settings);
  const refused: string[] = [];
  const done = await inParallel(
    changes,
    { inFlight: 5, mayGoOn: () => !context.signal.aborted && context.clock.now() < end },
    async (change) => {
      const result = await bring({ context, site, client }, change);
      if (result !== null && 'refused' in result) refused.push(result.refused);
      else if (result === null) settings.delete(idOf(change));
      else settings.set(idOf(change), result);
    },
  );
  if (refused.length > 0) return { refused: refused.sort().join(' ') };
  if (done < changes.length && context.signal.aborted) throw new Error('the run was cancelled');
  if (done < changes.length) return again;
  return { done: await outputOf(context, { ...site, settings }, { client, removed, changes }) };
}

function idOf({ data }: Change): string {
  if (typeof data?.id === 'string') return data.id;
  throw new Error('the plan has a change without the name of its flag');
}

async function keepRemoved(
  context: StepContext,
  { settings }: FlagSite,
  changes: readonly Change[],
): Promise<Removed> {
  const removed: Removed = {};
  for (const change of changes.filter(({ action }) => action === 'delete')) {
    const digest = await keepContent(context, settings.get(idOf(change)) ?? null);
    if (digest !== null) removed[idOf(change)] = digest;
  }
  return removed;
}

interface Work {
  readonly context: StepContext;
  readonly site: FlagSite;
  readonly client: AppConfigurationClient;
}

/** Does what is decided for a flag as it stands now, which must be what the plan says. */
async function bring(work: Work, change: Change): Promise<Setting | null | { readonly refused: string }> {
  const { context, site, client } = work;
  const id = idOf(change);
  let current = site.settings.get(id) ?? null;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const flag = caseOf(site, id, current);
    const decision = await decideFlag(context, flag, site.mode);
    if (decision.kind === 'refuse') return { refused: decision.why };
    const now = changeOf(flag, decision, context.project);
    if (now === null) return current;
    if (now.after !== change.after)
      return {
        refused: `${id} was changed since the plan was made: retry the stage, and look at its new plan.`,
      };
    const result = await act(work, flag, decision);
    if (result !== 'changed') return result === 'locked' ? { refused: lockedNow(id) } : result;
    current = await client.get(placeOf(site, id));
  }
  throw new TransientFailure(`${id} is being changed by somebody else all the time`);
}

function lockedNow(id: string): string {
  return `${id} is locked in the store: unlock it there, then retry.`;
}

async function act(
  { context, site, client }: Work,
  flag: FlagCase,
  decision: Decision,
): Promise<Setting | null | 'changed' | 'locked'> {
  const { current, id } = flag;
  const place = placeOf(site, id);
  if (decision.kind === 'remove') {
    const result = current === null ? 'done' : await client.remove(place, current.etag);
    return result === 'done' ? null : result;
  }
  const content =
    decision.kind === 'restore' ? decision.content : await declaredContent(context, flag, decision);
  return content === null ? current : client.put(place, content, current?.etag ?? null);
}

async function declaredContent(
  context: StepContext,
  { declared, current }: FlagCase,
  decision: Decision,
): Promise<SettingContent | null> {
  if (declared === null || decision.kind !== 'write') return null;
  const { clock, project, run } = context;
  const marks = current === null ? null : marksOf(current);
  const before = await keepContent(context, current);
  const now = clock.now();
  const { since, begun } = decision.goesOn && marks !== null ? marks : { since: now, begun: now };
  const { step } = decision;
  const next = { project, release: run.release, run: run.id, step, since, begun, before };
  return flagContent(declared, next, current);
}

interface Result {
  readonly client: AppConfigurationClient;
  readonly removed: Removed;
  readonly changes: readonly Change[];
}

async function outputOf(
  context: StepContext,
  site: FlagSite,
  { client, removed, changes }: Result,
): Promise<Record<string, Json>> {
  const changed = new Set(changes.map(idOf));
  const flags: Record<string, FlagEntry> = {};
  for (const id of new Set([
    ...Object.keys(site.entries),
    ...changed,
    ...site.flags.map((flag) => flag.id),
  ])) {
    const known = site.entries[id];
    const isKept = known !== undefined && !changed.has(id);
    const entry = isKept ? known : await entryOf(context, site.settings.get(id) ?? null, removed[id]);
    if (entry !== null) flags[id] = entry;
  }
  const inventory: FlagsInventory = { schema: 1, endpoint: client.endpoint, flags };
  return { flags: standingFlags(context, site), inventory: await storeInventory(context, inventory) };
}

/** What the inventory says of a flag, which follows from the flag itself; of one that went, from what it was. */
async function entryOf(
  context: StepContext,
  setting: Setting | null,
  removed: string | undefined,
): Promise<FlagEntry | null> {
  const { project, run } = context;
  const marks = setting === null ? null : marksOf(setting);
  if (marks?.project === project) {
    const { release, declaration } = marks;
    return { release, run: marks.run, declaration, before: await keptContent(context, marks.before) };
  }
  if (setting !== null || removed === undefined || run.kind === 'rollback') return null;
  const before = await keptContent(context, removed);
  return { release: run.release, run: run.id, declaration: null, before };
}

/** Where each declared flag stands, for people. */
function standingFlags({ project }: StepContext, { flags, settings }: FlagSite): Record<string, string> {
  const texts = flags.map((flag) => {
    const setting = settings.get(flag.id);
    const marks = setting === undefined ? null : marksOf(setting);
    const isOurs = marks?.project === project && marks.declaration === flag.declaration;
    return [flag.id, isOurs ? describeStep(flag, marks.step) : 'left as it is'] as const;
  });
  return Object.fromEntries(texts);
}
