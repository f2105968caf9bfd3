import * as z from 'zod';
import { Refusal } from '../../errors.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { RolloutStep, StepInFile } from './steps.ts';
import { rolloutSteps, stepShape } from './steps.ts';

export const FLAGS_FILE = 'feature-flags.json';

/** A flag as the file declares it for one environment. */
export interface DeclaredFlag {
  readonly id: string;
  readonly description: string;
  readonly enabled: boolean;
  /** In their order; none for a flag that is on for everybody at once. */
  readonly steps: readonly RolloutStep[];
  /** Jobs whose failing runs stop the rollout. */
  readonly stopWhenRunsFail: readonly string[];
  /** Of everything that the flag says in the store, waits left out. */
  readonly declaration: string;
  /** Of the part that a rollout moves: whether it is on, and for whom. */
  readonly rollout: string;
}

export interface FlagsFile {
  readonly endpoint: string;
  readonly flags: readonly DeclaredFlag[];
}

const flagShape = z.strictObject({
  // The keys of settings allow no percent sign, and applications split names at colons.
  id: z
    .string()
    .regex(/^(?!\.{1,2}$)[^%:/\\\p{Cc}]{1,100}$/u, 'no %, :, / or backslash, at most 100 characters'),
  description: z.string().default(''),
  enabled: z.boolean(),
  rollout: z.record(z.string(), z.array(stepShape).min(1, 'at least one step')).optional(),
  stop_when_runs_fail: z.array(z.string().min(1)).default([]),
});

const fileShape = z.strictObject({ endpoint: z.string(), feature_flags: z.array(flagShape) });

type FlagInFile = z.infer<typeof flagShape>;

/** The environment that the file is read for, and those that it may name. */
export interface FlagEnvironment {
  readonly key: string;
  readonly keys: readonly string[];
}

/**
 * Reads a file whose references are filled in. The rollouts of all environments are checked, so that a mistake in
 * the one of production is found at once.
 * @throws Refusal naming every place that is wrong.
 */
export function readFlagsFile(value: unknown, environment: FlagEnvironment): FlagsFile {
  const parsed = fileShape.safeParse(value);
  if (!parsed.success)
    throw refusal(
      parsed.error.issues.map(
        ({ path, message }) => `${path.map(String).join('.') || 'the file'}: ${message}.`,
      ),
    );
  const { endpoint, feature_flags } = parsed.data;
  const problems = [
    ...doubled(feature_flags),
    ...feature_flags.flatMap((flag) => problemsOf(flag, environment)),
  ];
  if (problems.length > 0) throw refusal(problems);
  return { endpoint, flags: feature_flags.map((flag) => declared(flag, environment.key)) };
}

/** One refusal for all problems of the file. */
export function refusal(problems: readonly string[]): Refusal {
  return new Refusal(`${FLAGS_FILE} cannot be deployed. ${problems.join(' ')}`);
}

/** Some applications read names of flags without regard to case. */
function doubled(flags: readonly FlagInFile[]): string[] {
  const names = flags.map(({ id }) => id.toLowerCase());
  const twice = flags.filter(({ id }, index) => names.indexOf(id.toLowerCase()) !== index);
  return twice.map(({ id }) => `${id} stands there twice.`);
}

function problemsOf({ id, rollout }: FlagInFile, { key, keys }: FlagEnvironment): string[] {
  if (rollout === undefined) return [];
  const unknown = Object.keys(rollout).filter((each) => each !== DEFAULT && !keys.includes(each));
  const known = `${keys.join(', ')} and ${DEFAULT}`;
  const problems = unknown.map((each) => `${id}: no environment has the key ${each}; there are ${known}.`);
  if (rollout[key] === undefined && rollout[DEFAULT] === undefined)
    problems.push(`${id}: its rollout has neither ${key} nor ${DEFAULT}.`);
  for (const [environment, steps] of Object.entries(rollout))
    problems.push(...rolloutSteps(steps).problems.map((problem) => `${id}, ${environment}: ${problem}`));
  return problems;
}

const DEFAULT = 'default';

function declared(flag: FlagInFile, key: string): DeclaredFlag {
  const { id, description, enabled, rollout, stop_when_runs_fail } = flag;
  const inFile: readonly StepInFile[] = rollout?.[key] ?? rollout?.[DEFAULT] ?? [];
  const { steps } = rolloutSteps(inFile);
  const audiences = steps.map(({ waitInMinutes, ...audience }) => audience);
  const moved = { enabled, audiences };
  return {
    ...{ id, description, enabled, steps },
    stopWhenRunsFail: [...new Set(stop_when_runs_fail)].sort(),
    declaration: short({ id, description, ...moved }),
    rollout: short(moved),
  };
}

function short(value: unknown): string {
  return sha256(canonicalJson(value)).slice(0, 16);
}
