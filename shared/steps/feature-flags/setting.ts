import type { Setting, SettingContent } from '../../engine/app-configuration-client.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Instant } from '../../release/model.ts';
import type { DeclaredFlag } from './file.ts';
import { describeAudience } from './steps.ts';

/** Keys of feature flags begin so, as App Configuration prescribes. */
export const FLAG_KEY_PREFIX = '.appconfig.featureflag/';
const CONTENT_TYPE = 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8';

/** What Slipway notes on a flag that it writes, in tags of the setting: whose it is, and how far it is. */
export interface FlagMarks {
  readonly project: string;
  readonly release: string;
  readonly run: string;
  readonly declaration: string;
  readonly rollout: string;
  /** Number of the step of its rollout, from 1; 0 for a flag without a rollout. */
  readonly step: number;
  /** When this step began. */
  readonly since: Instant;
  /** When its rollout began, whoever moves it on since; null on flags of before this was noted. */
  readonly begun: Instant | null;
  /** Digest of what stood there before; null when nothing did. Moves of the rollout leave it as it is. */
  readonly before: string | null;
}

const TAGS = {
  project: 'slipway-project',
  release: 'slipway-release',
  run: 'slipway-run',
  declaration: 'slipway-declaration',
  rollout: 'slipway-rollout',
  step: 'slipway-step',
  since: 'slipway-since',
  begun: 'slipway-begun',
  before: 'slipway-before',
  content: 'slipway-content',
} as const;
const NOTHING_BEFORE = 'none';

/** The setting for a flag at a step, with the tags that others have put on it. */
export function flagContent(
  flag: DeclaredFlag,
  marks: Omit<FlagMarks, 'declaration' | 'rollout'>,
  others: SettingContent | null,
): SettingContent {
  const { declaration, rollout } = flag;
  const value = JSON.stringify(flagValue(flag, marks.step));
  const own = {
    [TAGS.project]: marks.project,
    [TAGS.release]: marks.release,
    [TAGS.run]: marks.run,
    [TAGS.declaration]: declaration,
    [TAGS.rollout]: rollout,
    [TAGS.step]: String(marks.step),
    [TAGS.since]: new Date(marks.since).toISOString(),
    ...(marks.begun === null ? {} : { [TAGS.begun]: new Date(marks.begun).toISOString() }),
    [TAGS.before]: marks.before ?? NOTHING_BEFORE,
    [TAGS.content]: fingerprint(value),
  };
  return { value, contentType: CONTENT_TYPE, tags: { ...others?.tags, ...own } };
}

function flagValue({ id, description, enabled, steps }: DeclaredFlag, number: number) {
  const step = steps[number - 1];
  if (step === undefined) return { id, description, enabled, conditions: { client_filters: [] } };
  const Audience = {
    Users: step.users,
    Groups: step.groups.map(({ name, percentage }) => ({ Name: name, RolloutPercentage: percentage })),
    DefaultRolloutPercentage: step.percentage,
  };
  const filter = { name: 'Microsoft.Targeting', parameters: { Audience } };
  return { id, description, enabled, conditions: { client_filters: [filter] } };
}

/** What we noted on a setting; null where it is not, or no longer, marked as ours or another project's. */
export function marksOf({ tags }: SettingContent): FlagMarks | null {
  const text = (name: keyof typeof TAGS) => tags[TAGS[name]];
  const [project, release, run] = [text('project'), text('release'), text('run')];
  const [declaration, rollout, before] = [text('declaration'), text('rollout'), text('before')];
  const [step, since] = [Number(text('step')), Date.parse(text('since') ?? '')];
  const begunAt = Date.parse(text('begun') ?? '');
  if (project === undefined || release === undefined || run === undefined) return null;
  if (declaration === undefined || rollout === undefined || before === undefined) return null;
  if (!Number.isSafeInteger(step) || Number.isNaN(since)) return null;
  const earlier = before === NOTHING_BEFORE ? null : before;
  const begun = Number.isNaN(begunAt) ? null : begunAt;
  return { project, release, run, declaration, rollout, step, since, begun, before: earlier };
}

/**
 * - `as-written`: by Slipway for this project, and untouched since
 * - `turned-off`: switched off by somebody; `changed`: changed otherwise
 * - `of-others`: of another project; `foreign`: not made by Slipway, or without its tags
 */
export type Standing = 'as-written' | 'turned-off' | 'changed' | 'of-others' | 'foreign';

export function standingOf(setting: SettingContent, project: string): Standing {
  const marks = marksOf(setting);
  if (marks === null) return isOn(setting) ? 'foreign' : 'turned-off';
  if (marks.project !== project) return 'of-others';
  const written = setting.tags[TAGS.content] ?? '';
  if (written === fingerprint(setting.value)) return 'as-written';
  return written.startsWith(ON) && !isOn(setting) ? 'turned-off' : 'changed';
}

const ON = 'on';

/** What the value says, however it is spelt: portals write JSON in a way of their own. */
function fingerprint(value: string | null): string {
  const read = parsed(value);
  const state = isEnabled(read) ? ON : 'off';
  return `${state} ${sha256(canonicalJson(read ?? value)).slice(0, 16)}`;
}

export function isOn({ value }: SettingContent): boolean {
  return isEnabled(parsed(value));
}

function isEnabled(read: unknown): boolean {
  return typeof read === 'object' && read !== null && 'enabled' in read && read.enabled === true;
}

function parsed(value: string | null): unknown {
  try {
    return JSON.parse(value ?? 'null');
  } catch {
    return null;
  }
}

/** Where a flag is in its rollout, for people. */
export function describeStep({ enabled, steps }: DeclaredFlag, number: number): string {
  if (!enabled) return 'off';
  const step = steps[number - 1];
  return step === undefined ? 'on for everybody' : describeAudience(step);
}

/** Name of the flag that a setting holds. */
export function flagIdOf({ key }: Pick<Setting, 'key'>): string {
  return key.slice(FLAG_KEY_PREFIX.length);
}

/** Whether both hold the same, tags included. */
export function isSameContent(left: SettingContent | null, right: SettingContent | null): boolean {
  return canonicalJson(contentOf(left)) === canonicalJson(contentOf(right));
}

/** The part of a setting that can be written. */
export function contentOf(setting: SettingContent | null): SettingContent | null {
  if (setting === null) return null;
  const { value, contentType, tags } = setting;
  return { value, contentType, tags };
}
