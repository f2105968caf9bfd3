import type { Setting } from '../../engine/app-configuration-client.ts';
import { TransientFailure } from '../../errors.ts';
import type { Instant } from '../../release/model.ts';
import type { DeclaredFlag } from '../feature-flags/file.ts';
import { describeStep, flagContent } from '../feature-flags/setting.ts';
import type { StepContext, StepOutcome } from '../step.ts';
import type { RolloutFlag, Sight } from './flag.ts';
import { dueAt, lookAtFlag, whyMissing } from './flag.ts';
import type { RolloutMemo } from './memo.ts';
import type { RolloutSite } from './site.ts';
import type { Moving, Stop } from './stop.ts';
import { failureOf, namesOf, putBack } from './stop.ts';

/** A failing job and a flag that was turned off are noticed within this time. */
const LOOK_EVERY_IN_MS = 5 * 60_000;
/** When a flag was not as expected, which may be for a moment only, or when not all runs have been looked at yet. */
const LOOK_AGAIN_IN_MS = 60_000;

/** A flag on its way, as it was just read. */
interface OnItsWay extends Moving {
  readonly setting: Setting;
}

/** Finds out which flags are this rollout's, and takes over those that an older run has left on their way. */
export async function beginRollout(context: StepContext, site: RolloutSite): Promise<StepOutcome> {
  const now = context.clock.now();
  const notes: Record<string, string> = {};
  const stopped: string[] = [];
  const begun: Instant[] = [];
  const flags: string[] = [];
  for (const [id, each] of site.flags) {
    const sight = lookAtFlag(each, { project: context.project, run: context.run.id, isFirst: true });
    if (sight.is === 'over') notes[id] = sight.note;
    else if (sight.is === 'stopped') stopped.push(sight.why);
    else flags.push(id);
    if (sight.is === 'on-its-way') begun.push(sight.marks.since);
    if (sight.is === 'of-another-run') await takeOver(context, site, { flag: each.flag, ...sight });
  }
  if (stopped.length > 0) return { refused: stopped.join(' ') };
  if (flags.length === 0) return { done: { flags: notes } };
  const begunAt = Math.min(now, ...begun);
  const memo = { flags, begunAt, notes, missing: [], stop: null, watches: {}, troubleSince: null };
  return { waiting: { until: now, memo } };
}

/** The step that the flag is at gets its whole time again: nobody watched it meanwhile. */
async function takeOver(context: StepContext, site: RolloutSite, moving: OnItsWay): Promise<void> {
  const result = await setStep(context, site, { moving, step: moving.marks.step });
  if (result === 'changed')
    throw new TransientFailure(`${moving.flag.id} was changed by somebody else just now`);
}

/** Looks once: stops, moves what has had its time, and says when to look next. */
export async function goOnWithRollout(
  context: StepContext,
  site: RolloutSite,
  memo: RolloutMemo,
): Promise<StepOutcome> {
  const { moving, missing, notes, stopped } = sortOut(context, site, memo);
  if (stopped.length > 0) return { refused: [...stopped, ...stayText(moving)].join(' ') };
  const { failure, watches } = await failureOf(context, moving, memo);
  if (typeof failure === 'string') return { refused: failure };
  const now = context.clock.now();
  // What failed while a flag could not be seen has to be seen again with it.
  const kept = missing.length > 0 ? memo.watches : watches;
  const next = { ...memo, watches: kept, missing, notes, troubleSince: null };
  if (failure !== null) return { waiting: { until: now, memo: { ...next, stop: { ...failure } } } };
  const left: string[] = [...missing];
  const isBehind = missing.length > 0 || Object.values(watches).some(({ older }) => older !== null);
  let until = now + (isBehind ? LOOK_AGAIN_IN_MS : LOOK_EVERY_IN_MS);
  for (const each of moving) {
    if (context.signal.aborted) throw new Error('the run was cancelled');
    const after = await moveIfDue(context, site, each);
    if (after === 'arrived')
      notes[each.flag.id] = `is on for ${describeStep(each.flag, each.flag.steps.length)}`;
    else left.push(each.flag.id);
    if (after !== 'arrived') until = Math.min(until, Math.max(after, now));
  }
  if (left.length === 0) return { done: { flags: notes } };
  return { waiting: { until, memo: { ...next, flags: left.sort() } } };
}

/** What a look has found of the flags that were on their way. */
interface Found {
  readonly moving: OnItsWay[];
  readonly missing: string[];
  readonly notes: Record<string, string>;
  readonly stopped: string[];
}

function sortOut(context: StepContext, site: RolloutSite, memo: RolloutMemo): Found {
  const found: Found = { moving: [], missing: [], notes: { ...memo.notes }, stopped: [] };
  for (const id of memo.flags) {
    const each = site.flags.get(id);
    if (each === undefined) throw new Error(`the release has no flag ${id} any more`);
    const sight = sightOf(context, each, { isSure: memo.missing.includes(id) && !site.isBeingDeployed });
    if (sight.is === 'missing') found.missing.push(id);
    else if (sight.is === 'over') found.notes[id] = sight.note;
    else if (sight.is === 'stopped') found.stopped.push(sight.why);
    else found.moving.push({ flag: each.flag, setting: sight.setting, marks: sight.marks });
  }
  return found;
}

/** A deployment may be removing the flag at this very moment, so one that is missing is looked for twice. */
function sightOf(
  { project, run }: StepContext,
  flag: RolloutFlag,
  { isSure }: { readonly isSure: boolean },
): Sight {
  const sight = lookAtFlag(flag, { project, run: run.id, isFirst: false });
  return sight.is === 'missing' && isSure ? whyMissing(flag) : sight;
}

function stayText(moving: readonly Moving[]): string[] {
  return moving.length === 0 ? [] : [`The others stay where they are: ${namesOf(moving)}.`];
}

/** @returns when to look at the flag again. */
async function moveIfDue(
  context: StepContext,
  site: RolloutSite,
  moving: OnItsWay,
): Promise<Instant | 'arrived'> {
  const { flag, marks, setting } = moving;
  const now = context.clock.now();
  const due = dueAt(flag, marks, setting.modifiedAt);
  if (due === null) return 'arrived';
  if (now < due) return due;
  const step = marks.step + 1;
  const result = await setStep(context, site, { moving, step });
  if (result === 'changed') return now + LOOK_AGAIN_IN_MS;
  context.log.info(`${flag.id} goes to ${describeStep(flag, step)}`, {
    project: context.project,
    run: context.run.id,
  });
  return dueAt(flag, result.marks, result.setting.modifiedAt) ?? 'arrived';
}

/** Writes a step that begins now, over exactly what was read. */
async function setStep(
  { clock, project, run }: StepContext,
  { client }: RolloutSite,
  { moving, step }: { readonly moving: OnItsWay; readonly step: number },
): Promise<Pick<OnItsWay, 'marks' | 'setting'> | 'changed'> {
  const { flag, setting, marks } = moving;
  const next = { ...marks, project, release: run.release, run: run.id, step, since: clock.now() };
  const result = await client.put(setting, flagContent(flag, next, setting), setting.etag);
  return typeof result === 'string' ? 'changed' : { marks: next, setting: result };
}

/** Puts flags back, and ends the rollout for good. */
export async function stopRollout(
  context: StepContext,
  site: RolloutSite,
  { why, flags }: Stop,
): Promise<StepOutcome> {
  const results: string[] = [];
  for (const id of flags) {
    const flag: DeclaredFlag | undefined = site.flags.get(id)?.flag;
    if (flag !== undefined) results.push(await putBack(context, site, flag));
  }
  return { refused: `The rollout was stopped. ${why} ${results.join('; ')}.` };
}
