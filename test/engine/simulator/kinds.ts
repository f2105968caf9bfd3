import { Refusal } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/release/canonical-json.ts';
import { sha256 } from '../../../shared/release/canonical-json.ts';
import type { Change } from '../../../shared/release/plan.ts';
import type { StepContext, StepKind, StepOutcome } from '../../../shared/steps/step.ts';
import type { Behaviour, Trouble } from './behaviour.ts';
import { troubleOf } from './behaviour.ts';
import type { Outside } from './outside.ts';
import type { Invocation, World } from './world.ts';
import { START_AT } from './world.ts';

export const REMOTE_RUN_TAKES_IN_MS = 50_000;
const ASK_AGAIN_IN_MS = 20_000;

/** What the synthetic kinds work with. */
interface Surroundings {
  readonly world: World;
  readonly outside: Outside;
  readonly invocation: Invocation;
  readonly behaviour: Behaviour;
}

/** Step kinds of the simulator: one that puts content into targets, one that starts a remote run and waits for it. */
export function simulatedKinds(surroundings: Surroundings): Map<string, StepKind> {
  const put: StepKind = {
    name: 'put',
    summary: 'puts content into targets',
    plan: (context) => planPut(surroundings, context),
    apply: (context, changes) => applyPut(surroundings, context, changes),
  };
  const remote: StepKind = {
    name: 'remote',
    summary: 'starts a remote run and waits for it',
    apply: (context) => applyRemote(surroundings, context),
    cancel: (context) => cancelRemote(surroundings, context),
  };
  return new Map([put, remote].map((kind) => [kind.name, kind]));
}

/** The content that a release has for a target. */
export function contentFor(release: string, target: string): string {
  const key = `${release} ${target}`;
  const known = contents.get(key);
  if (known !== undefined) return known;
  const content = sha256(key);
  contents.set(key, content);
  return content;
}

const contents = new Map<string, string>();

function troubleWith(
  { behaviour, world }: Surroundings,
  { stage, step, run }: StepContext,
): Trouble['how'] | null {
  return troubleOf(behaviour, { stage, step, release: run.release }, world.clock.now() - START_AT);
}

async function planPut(surroundings: Surroundings, context: StepContext): Promise<Change[]> {
  const { outside, invocation } = surroundings;
  if (troubleWith(surroundings, context) === 'refuses-to-plan')
    throw new Refusal('the template is not valid');
  const changes: Change[] = [];
  for (const name of targetsOf(context)) {
    const target = `${context.project}/${context.environment}/${name}`;
    const after = contentFor(context.run.release, name);
    const before = await outside.read(invocation, target);
    const action = before === null ? 'create' : 'update';
    if (before !== after) changes.push({ target, action, before, after, class: 'reversible' });
  }
  return changes;
}

function targetsOf({ input }: StepContext): string[] {
  const { targets } = input;
  return Array.isArray(targets) ? targets.map(String) : [];
}

async function applyPut(
  surroundings: Surroundings,
  context: StepContext,
  changes: readonly Change[],
): Promise<StepOutcome> {
  const trouble = troubleWith(surroundings, context);
  if (trouble === 'throws') throw new Error('broken for good');
  for (const change of changes) {
    if (context.signal.aborted) throw new Error('stopped');
    await surroundings.outside.put(surroundings.invocation, context, change);
    if (trouble === 'refuses') return { refused: 'the workspace said no' };
  }
  return { done: { targets: changes.length } };
}

async function applyRemote(surroundings: Surroundings, context: StepContext): Promise<StepOutcome> {
  const { outside, invocation } = surroundings;
  const { clock, memo, key: token } = context;
  const again = (id: Json): StepOutcome => ({ waiting: { until: clock.now() + ASK_AGAIN_IN_MS, memo: id } });
  const trouble = troubleWith(surroundings, context);
  if (trouble === 'throws') throw new Error('broken for good');
  if (memo === null) {
    return again(await outside.start(invocation, context, { token, passes: trouble !== 'refuses' }));
  }
  const state = await outside.state(invocation, String(memo), REMOTE_RUN_TAKES_IN_MS);
  if (state === 'running') return again(memo);
  return state === 'passed' ? { done: { remoteRun: memo } } : { refused: `the remote run ${state}` };
}

async function cancelRemote(
  { outside, invocation }: Surroundings,
  context: StepContext,
): Promise<StepOutcome> {
  const { memo } = context;
  await outside.stop(invocation, context, memo === null ? null : String(memo));
  return { done: {} };
}
