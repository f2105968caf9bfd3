import * as z from 'zod';
import { messageOf, Refusal, TransientFailure, UnreadableInput } from '../errors.ts';
import type { Json } from '../release/canonical-json.ts';
import { canonicalJson } from '../release/canonical-json.ts';
import type { ChangeCounts } from '../release/plan.ts';
import { countChanges, NO_CHANGES } from '../release/plan.ts';
import type { Finding } from './pre-flight/problems.ts';
import { inWords } from './pre-flight/problems.ts';
import { valuesOf } from './run-inputs.ts';
import type { StepContext, StepKind, StepOutcome, UpcomingStep } from './step.ts';

/**
 * After this time no further environment is begun: another invocation goes on there. The longest that a step looks by
 * itself is a minute of what-if and half a minute of validation, and a function has two minutes.
 */
const LONGEST_BEGINNING_IN_MS = 25_000;

/** What one step of a later stage said. */
const sightShape = z.strictObject({
  stage: z.string(),
  environment: z.string(),
  step: z.string(),
  /** Null for a kind that does not plan, and where it could not. */
  changes: z
    .strictObject({ create: z.number(), update: z.number(), delete: z.number(), run: z.number() })
    .nullable(),
  /** Nothing that stands in its way stops the run. */
  mayFail: z.boolean(),
  /** What would be the same at any other try. */
  problems: z.array(z.string()),
  /** What another try may find out. */
  failures: z.array(z.string()),
});

type Sight = z.infer<typeof sightShape>;

const memoShape = z.strictObject({ seen: z.string() });

/**
 * Looks ahead: lets every step of the later stages plan and check, which only reads, so that what would stop the run in
 * its last environment is found before the first write in the first one. All of it is one list.
 * @param kinds those of the steps that are looked at.
 */
export function preFlight(kinds: readonly StepKind[]): StepKind {
  const byName = new Map(kinds.map((kind) => [kind.name, kind]));
  return {
    name: 'pre-flight',
    summary: 'all that would stop a later stage, found before the first write',
    async apply(context) {
      // At night, nothing but its own plan may stand in the way of going back.
      if (context.run.kind === 'rollback') return { done: { environments: {} } };
      const before = await readSights(context);
      const known = new Set(before.map(nameOf));
      const steps = context.upcoming();
      const left = steps.filter((step) => !known.has(nameOf(placeOf(step))));
      const sights = [...before, ...(await lookAt(context, byName, left))];
      if (context.signal.aborted) throw new Error('the run was cancelled');
      return sights.length < steps.length ? goOn(context, sights) : conclude(context, inOrder(sights, steps));
    },
  };
}

/**
 * Looks at all workspaces side by side, and at the steps of an environment, too. Environments that share a workspace
 * also share what it answers in a second, so they have their turns.
 */
async function lookAt(
  { clock, signal }: StepContext,
  kinds: ReadonlyMap<string, StepKind>,
  steps: readonly UpcomingStep[],
): Promise<readonly Sight[]> {
  const end = clock.now() + LONGEST_BEGINNING_IN_MS;
  const sights: Sight[] = [];
  const lookAtAll = async (environments: readonly (readonly UpcomingStep[])[]) => {
    for (const each of environments) {
      if (clock.now() >= end || signal.aborted) return;
      sights.push(...(await Promise.all(each.map((step) => look(kinds.get(step.kind), step)))));
    }
  };
  await Promise.all((await byWorkspace(steps)).map(lookAtAll));
  return sights;
}

/** The steps of each environment, environments of one workspace together. */
async function byWorkspace(steps: readonly UpcomingStep[]): Promise<UpcomingStep[][][]> {
  const environments = groupBy(steps, (step) => placeOf(step).environment);
  const placed = environments.map(async (those) => {
    const [first] = those;
    const values = first === undefined ? null : await valuesOf(first.context).catch(() => null);
    return { those, workspace: values?.variables.databricksWorkspaceUrl ?? those };
  });
  return groupBy(await Promise.all(placed), ({ workspace }) => workspace).map((group) =>
    group.map(({ those }) => those),
  );
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => unknown): Item[][] {
  const groups = new Map<unknown, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

async function look(kind: StepKind | undefined, step: UpcomingStep): Promise<Sight> {
  const sight = { ...placeOf(step), mayFail: step.mayFail, changes: null, problems: [], failures: [] };
  if (kind === undefined)
    return { ...sight, problems: [`This version of Slipway has no step kind "${step.kind}".`] };
  try {
    const changes = (await kind.plan?.(step.context)) ?? [];
    const problems = (await kind.check?.(step.context, changes)) ?? [];
    const counts = kind.plan === undefined ? null : countChanges(changes);
    return { ...sight, changes: counts, problems: [...problems] };
  } catch (error) {
    const text = messageOf(error);
    return error instanceof Refusal ? { ...sight, problems: [text] } : { ...sight, failures: [text] };
  }
}

function placeOf({ context: { stage, environment, step } }: UpcomingStep) {
  return { stage, environment: environment ?? stage, step };
}

function nameOf({ stage, step }: Pick<Sight, 'stage' | 'step'>): string {
  return `${stage}/${step}`;
}

/** In the order of the run, not in that of the answers: the same problems give the same text. */
function inOrder(sights: readonly Sight[], steps: readonly UpcomingStep[]): Sight[] {
  const names = steps.map((step) => nameOf(placeOf(step)));
  return [...sights].sort((left, right) => names.indexOf(nameOf(left)) - names.indexOf(nameOf(right)));
}

async function goOn({ content, clock }: StepContext, sights: readonly Sight[]): Promise<StepOutcome> {
  const seen = await content.put(canonicalJson([...sights]));
  return { waiting: { until: clock.now(), memo: { seen } } };
}

async function readSights({ content, memo }: StepContext): Promise<readonly Sight[]> {
  const { data } = memoShape.safeParse(memo);
  if (data === undefined) return [];
  const read = z
    .array(sightShape)
    .safeParse(JSON.parse(new TextDecoder().decode(await content.get(data.seen))));
  if (read.success) return read.data;
  throw new UnreadableInput(`what the step pre-flight has seen: ${z.prettifyError(read.error)}`);
}

/**
 * One definite problem is enough to end the run: it would be there at any other try. Failures alone are tried again.
 * @throws TransientFailure
 */
function conclude({ log, project, run }: StepContext, sights: readonly Sight[]): StepOutcome {
  const needed = sights.filter(({ mayFail }) => !mayFail);
  const problems = findingsIn(needed, ({ problems }) => problems);
  const failures = findingsIn(needed, ({ failures }) => failures);
  const others = sights.filter(({ mayFail }) => mayFail);
  for (const { environment, step, text } of findingsIn(others, (each) => [
    ...each.problems,
    ...each.failures,
  ]))
    log.warn(`${environment}, ${step} would fail, which is allowed: ${text}`, { project, run: run.id });
  if (problems.length > 0) return { refused: inWords([...problems, ...failures]) };
  if (failures.length > 0) throw new TransientFailure(inWords(failures));
  return { done: { environments: outputOf(sights) } };
}

function findingsIn(sights: readonly Sight[], textsOf: (sight: Sight) => readonly string[]): Finding[] {
  return sights.flatMap((sight) =>
    textsOf(sight).map((text) => ({ environment: sight.environment, step: sight.step, text })),
  );
}

/** What each environment would change if it planned now: in all, and by step. */
function outputOf(sights: readonly Sight[]): Record<string, Json> {
  const planned = sights.flatMap(({ environment, step, changes }) =>
    changes === null ? [] : [{ environment, step, changes }],
  );
  const names = [...new Set(planned.map(({ environment }) => environment))];
  const counts = names.map((name) => {
    const those = planned.filter(({ environment }) => environment === name);
    const steps = Object.fromEntries(those.map(({ step, changes }) => [step, { ...changes }]));
    return [name, { ...those.reduce((sum, { changes }) => added(sum, changes), NO_CHANGES), steps }];
  });
  return Object.fromEntries(counts);
}

function added(left: ChangeCounts, right: ChangeCounts): ChangeCounts {
  return {
    create: left.create + right.create,
    update: left.update + right.update,
    delete: left.delete + right.delete,
    run: left.run + right.run,
  };
}
