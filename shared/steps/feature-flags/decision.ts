import type { Setting, SettingContent } from '../../engine/app-configuration-client.ts';
import type { StepContext } from '../step.ts';
import type { DeclaredFlag } from './file.ts';
import type { FlagEntry } from './inventory.ts';
import { keptContent, whatStoodUnder } from './inventory.ts';
import { isOn, marksOf, standingOf } from './setting.ts';

/** One flag as the release wants it, as it stands, and as the last release left it. */
export interface FlagCase {
  readonly id: string;
  readonly declared: DeclaredFlag | null;
  readonly current: Setting | null;
  /** Null for a flag that no release has changed. */
  readonly entry: FlagEntry | null;
  /** Whether an interrupted step may have put it there. */
  readonly isUncertain: boolean;
}

/**
 * What is to be done with a flag. `write`: as declared, at a step of its rollout, which begins then unless `goesOn`.
 * `keep` has a note where people should know why nothing is done.
 */
export type Decision =
  | { readonly kind: 'keep'; readonly note: string | null }
  | { readonly kind: 'write'; readonly step: number; readonly goesOn: boolean; readonly why: string }
  | { readonly kind: 'restore'; readonly content: SettingContent }
  | { readonly kind: 'remove'; readonly why: string }
  | { readonly kind: 'refuse'; readonly why: string };

export interface Mode {
  /** A stage that moves rollouts follows: they begin at their first step. Otherwise the last one is set at once. */
  readonly gradual: boolean;
  readonly isRollback: boolean;
}

const KEEP = { kind: 'keep', note: null } as const;

/** Decides for one flag; the same answer for the same case. Reads what is kept of earlier settings, and nothing else. */
export async function decideFlag(
  context: Pick<StepContext, 'content' | 'project'>,
  flag: FlagCase,
  mode: Mode,
): Promise<Decision> {
  const decision = mode.isRollback
    ? await goBack(context, flag)
    : flag.declared === null
      ? takeAway(context, flag)
      : deploy(context, { ...flag, declared: flag.declared }, mode);
  const isOff = flag.current !== null && standingOf(flag.current, context.project) === 'turned-off';
  if (isOff && switchesOn(decision, flag.declared))
    return keep(`${flag.id} was turned off by hand and stays off`);
  if (decision.kind !== 'keep' && decision.kind !== 'refuse' && flag.current?.locked === true)
    return { kind: 'refuse', why: `${flag.id} is locked in the store: unlock it there, then retry.` };
  return decision;
}

function keep(note: string): Decision {
  return { kind: 'keep', note };
}

/** A flag that somebody turned off is not turned on again by anybody else. */
function switchesOn(decision: Decision, declared: DeclaredFlag | null): boolean {
  if (decision.kind === 'write') return declared?.enabled === true;
  return decision.kind === 'restore' && isOn(decision.content);
}

type Place = Pick<StepContext, 'content' | 'project'>;

function deploy(
  { project }: Place,
  { id, declared, current }: FlagCase & { readonly declared: DeclaredFlag },
  { gradual }: Mode,
): Decision {
  const last = declared.steps.length;
  const start = gradual ? Math.min(last, 1) : last;
  const write = (why: string, step = start, goesOn = false) =>
    ({ kind: 'write', step, goesOn, why }) as const;
  if (current === null) return write('new');
  const standing = standingOf(current, project);
  const marks = marksOf(current);
  if (standing === 'of-others') return { kind: 'refuse', why: belongsTo(id, marks?.project ?? '') };
  if (marks === null) return write('takes over a flag that Slipway did not make');
  if (marks.declaration !== declared.declaration) {
    const why = standing === 'changed' ? 'takes over what was changed by hand' : 'changed';
    if (marks.rollout !== declared.rollout) return write(why);
    return write(why, gradual ? marks.step : last, true);
  }
  if (standing === 'turned-off') return keep(`${id} was turned off by hand and stays off`);
  if (standing === 'changed')
    return keep(`${id} was changed by hand and stays so until its declaration changes`);
  return gradual || marks.step === last ? KEEP : write('goes to its last step', last);
}

function belongsTo(id: string, project: string): string {
  return `${id} is a flag of the project ${project} in the same store and environment: give it another name.`;
}

/** A flag that is not in the file is taken away only if it is known to be ours. */
function takeAway({ project }: Place, { id, current, entry, isUncertain }: FlagCase): Decision {
  if (current === null || (entry?.declaration == null && !isUncertain)) return KEEP;
  const standing = standingOf(current, project);
  const isOurs = marksOf(current)?.project === project;
  if (isOurs)
    return {
      kind: 'remove',
      why: standing === 'changed' ? 'left the file; was changed by hand' : 'left the file',
    };
  return keep(`${id} left the file, and stays since somebody replaced it by hand`);
}

/** In a rollback: what stood there while the release was live that it goes back to. */
async function goBack(context: Place, { id, declared, current, entry }: FlagCase): Promise<Decision> {
  const marks = current === null ? null : marksOf(current);
  const isOurs = marks?.project === context.project;
  if (declared !== null && isOurs && marks.declaration === declared.declaration) return KEEP;
  if (declared === null && (current === null || !isOurs)) return KEEP;
  if (marks !== null && !isOurs) return { kind: 'refuse', why: belongsTo(id, marks.project) };
  const isNoted = entry !== null && (!isOurs || entry.declaration === marks.declaration);
  const newest = isNoted ? entry.before : isOurs ? await keptContent(context, marks.before) : undefined;
  const stood = await whatStoodUnder(context, declared, newest);
  if (stood != null) return { kind: 'restore', content: stood };
  if (declared === null) return { kind: 'remove', why: 'was not there before' };
  const why = 'what stood there before is not known: its last step';
  return { kind: 'write', step: declared.steps.length, goesOn: false, why };
}
