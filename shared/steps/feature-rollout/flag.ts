import type { Setting } from '../../engine/app-configuration-client.ts';
import type { Instant } from '../../release/model.ts';
import type { DeclaredFlag } from '../feature-flags/file.ts';
import type { FlagEntry } from '../feature-flags/inventory.ts';
import type { FlagMarks } from '../feature-flags/setting.ts';
import { describeStep, isSameContent, marksOf, standingOf } from '../feature-flags/setting.ts';

/** A flag of the rollout as a look at the store finds it. */
export interface RolloutFlag {
  readonly flag: DeclaredFlag;
  /** Null when it is not in the store. */
  readonly setting: Setting | null;
  /** What the last deployment of flags noted; null when it was not about this flag. */
  readonly entry: FlagEntry | null;
}

/** Who looks. */
export interface Looker {
  readonly project: string;
  readonly run: string;
  /** The first look finds out which flags are this rollout's. */
  readonly isFirst: boolean;
}

/**
 * - `on-its-way`: at a step of its rollout, and this rollout's to move
 * - `of-another-run`: the same, begun by another run that this one takes over from; only at the first look
 * - `over`: nothing is left to do; the note says why
 * - `stopped`: somebody stopped it by hand
 * - `missing`: not in the store, for whatever reason
 */
export type Sight =
  | { readonly is: 'on-its-way' | 'of-another-run'; readonly setting: Setting; readonly marks: FlagMarks }
  | { readonly is: 'over'; readonly note: string }
  | { readonly is: 'stopped'; readonly why: string }
  | { readonly is: 'missing' };

/** Tells what has become of a flag, from what stands in the store. */
export function lookAtFlag({ flag, setting, entry }: RolloutFlag, looker: Looker): Sight {
  const { project, run, isFirst } = looker;
  const wroteIt = entry?.run === run;
  if (setting === null) return isFirst && !wroteIt ? over('is not in the store') : { is: 'missing' };
  const marks = marksOf(setting);
  const standing = standingOf(setting, project);
  const isOwn = marks === null ? !isFirst || wroteIt : marks.run === run;
  const isUntouched = standing === 'as-written';
  if (marks !== null && marks.declaration !== flag.declaration) {
    if (isFirst && wroteIt && isSameContent(setting, entry.before)) return stopped(flag, null, PUT_BACK);
    if (isUntouched || !isFirst) return over(`was taken over by ${marks.release} (run ${marks.run})`);
  }
  if (!isUntouched && !isOwn) return over('was changed or turned off by hand, and is left as it is');
  if (standing === 'turned-off') return stopped(flag, marks, TURNED_OFF);
  if (marks === null || !isUntouched) return stopped(flag, marks, CHANGED);
  if (marks.step >= flag.steps.length) return over(`is on for ${describeStep(flag, marks.step)}`);
  if (setting.locked) return stopped(flag, marks, LOCKED);
  if (isOwn) return { is: 'on-its-way', setting, marks };
  return isFirst ? { is: 'of-another-run', setting, marks } : over(`was taken over by run ${marks.run}`);
}

/** Each says what happened, and how it goes on. */
const TURNED_OFF = 'somebody turned the flag off. It stays off until somebody turns it on in the store.';
const CHANGED =
  'somebody changed the flag by hand. It is left as it is until a release changes its declaration.';
const LOCKED = 'somebody locked the flag. It is left as it is: unlock it, then retry the stage.';
const REMOVED = 'the flag is not in the store any more. Redeploy the release to begin it anew.';
const PUT_BACK =
  'an earlier try put the flag back to what it was before. Redeploy the release to begin it anew.';

function over(note: string): Sight {
  return { is: 'over', note };
}

function stopped(flag: DeclaredFlag, marks: FlagMarks | null, why: string): Sight {
  const where = marks === null ? '' : ` at ${describeStep(flag, marks.step)}`;
  return { is: 'stopped', why: `The rollout of ${flag.id} was stopped${where}: ${why}` };
}

/** What a flag that stays missing means: another release took it away, or a person did. */
export function whyMissing({ flag, entry }: RolloutFlag): Sight {
  if (entry === null) return over('was taken away by a rollback');
  if (entry.declaration === flag.declaration) return stopped(flag, null, REMOVED);
  return over(`was taken over by ${entry.release} (run ${entry.run})`);
}

/**
 * When the present step has had its time; null for the last one. It began when the store wrote it, which may be later
 * than when we began to write.
 * @param modifiedAt of the setting, in whole seconds.
 */
export function dueAt(
  { steps }: DeclaredFlag,
  { step, since }: FlagMarks,
  modifiedAt: Instant,
): Instant | null {
  const wait = steps[step - 1]?.waitInMinutes ?? null;
  const begunAt = modifiedAt > since ? modifiedAt + 1_000 : since;
  return wait === null ? null : begunAt + wait * 60_000;
}
