import * as z from 'zod';
import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import { Refusal } from '../../errors.ts';
import { namesIn, substitute } from '../../project/substitute.ts';
import { configurationFile, problemText } from '../configuration-file.ts';
import { referenceValues } from '../reference-values.ts';
import type { StepContext } from '../step.ts';
import { deployedIds } from './ids.ts';

const FILE = 'tests.json';
const DEFAULT_LIMIT_IN_MS = 2 * 60 * 60_000;
/** The service ends a run at its own limit; if that does not happen, we do it a little later. */
const GRACE_IN_MS = 10 * 60_000;

/** What the kinds of test steps differ in. */
export interface SuiteKind {
  /** Name of the step kind, and of the file that Azure DevOps gets. */
  readonly name: 'integration-tests' | 'smoke-tests';
  readonly key: 'integration_tests' | 'smoke_tests';
  /** For people, in the plural. */
  readonly title: string;
}

/** A suite of tests.json with its references filled in. */
export interface Suite extends SuiteKind {
  /** Body of the one-time run, as the API takes it. */
  readonly submit: ApiObject;
  /** The JUnit file in a volume. */
  readonly results: string;
  /** After this time the run is cancelled. */
  readonly limitInMs: number;
}

/** `/Volumes/catalog/schema/volume/file`, without steps up. */
const RESULTS = /^\/Volumes(\/(?!\.{1,2}(\/|$))[^/]+){4,}$/;

const suiteShape = z.strictObject({
  results: z.string().min(1),
  submit: z.looseObject({
    tasks: z.array(z.looseObject({ task_key: z.string() })).min(1, 'needs a task'),
    run_name: z.string().optional(),
    timeout_seconds: z.number().int().nonnegative().optional(),
  }),
});

const fileShape = z.strictObject({
  integration_tests: z.unknown().optional(),
  smoke_tests: z.unknown().optional(),
});

/**
 * The suite of a kind, as the release wants it run in the step's environment; null when the release has none.
 * @throws Refusal when the file is wrong, or names something without a value.
 */
export async function readSuite(context: StepContext, kind: SuiteKind): Promise<Suite | null> {
  const raw = await rawSuite(context, kind);
  if (raw === undefined) return null;
  const { results, submit } = suiteIn(substitute(raw, await valuesFor(context, raw)).value, kind);
  if (!RESULTS.test(results)) throw wrongFile([notInVolume(kind, results)]);
  const { timeout_seconds: timeout = 0 } = submit;
  return {
    ...kind,
    submit: { run_name: `${context.project} ${kind.title}`, ...submit },
    results,
    limitInMs: timeout > 0 ? timeout * 1000 + GRACE_IN_MS : DEFAULT_LIMIT_IN_MS,
  };
}

/**
 * What is wrong with the suite, as far as it can be said before anything is deployed: one sentence each. Names that have
 * no value yet stay as they are.
 */
export async function suiteProblems(context: StepContext, kind: SuiteKind): Promise<readonly string[]> {
  try {
    const raw = await rawSuite(context, kind);
    if (raw === undefined) return [];
    const { results } = suiteIn(substitute(raw, await knownValues(context)).value, kind);
    return mayBeInVolume(results) ? [] : [wrongFile([notInVolume(kind, results)]).message];
  } catch (error) {
    if (error instanceof Refusal) return [error.message];
    throw error;
  }
}

const VOLUMES = '/Volumes/';

/** Where a part has no value yet, the beginning must do. */
function mayBeInVolume(results: string): boolean {
  if (namesIn(results).length === 0) return RESULTS.test(results);
  const beginning = results.slice(0, results.indexOf('${'));
  return beginning.startsWith(VOLUMES) || VOLUMES.startsWith(beginning);
}

function notInVolume({ key }: SuiteKind, results: string): string {
  return `${key}.results is "${results}": it must be a file in a volume, /Volumes/catalog/schema/volume/….`;
}

/** The suite as it stands in the file; undefined when there is none. */
async function rawSuite(context: StepContext, { key }: SuiteKind): Promise<unknown> {
  const file = await configurationFile(context, FILE);
  if (file === null) return undefined;
  const parsed = fileShape.safeParse(file);
  if (!parsed.success) throw wrongFile(parsed.error.issues.map(problemText));
  return parsed.data[key];
}

function suiteIn(value: unknown, { key }: SuiteKind): z.infer<typeof suiteShape> {
  const parsed = suiteShape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrongFile(
    parsed.error.issues.map(({ path, message }) => problemText({ path: [key, ...path], message })),
  );
}

/** One refusal for all problems of the file. */
export function wrongFile(problems: readonly string[]): Refusal {
  return new Refusal(`${FILE} cannot be used. ${problems.join(' ')}`);
}

/** A stage of tests has no infrastructure of its own: it asks for what was deployed into its environment before it. */
async function knownValues(context: StepContext): Promise<ReadonlyMap<string, string>> {
  const deployment = { ...context, stage: context.environment ?? context.stage };
  return new Map([...(await referenceValues(deployment)), ...(await deployedIds(deployment))]);
}

async function valuesFor(context: StepContext, raw: unknown): Promise<ReadonlyMap<string, string>> {
  const values = await knownValues(context);
  const missing = namesIn(raw).filter((name) => !values.has(name));
  if (missing.length === 0) return values;
  const references = missing.map((name) => `\${${name}}`).join(', ');
  throw new Refusal(`${FILE} uses ${references}, which has no value in environment ${context.environment}.`);
}
