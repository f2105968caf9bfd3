import type { Change } from '../../../shared/release/plan.ts';
import type { StepContext, StepKind, StepOutcome } from '../../../shared/steps/step.ts';
import { contentFor } from '../../../test/engine/simulator/kinds.ts';
import type { Guard } from './guard.ts';
import type { OutsideClient } from './outside-client.ts';

const ASK_AGAIN_IN_MS = 200;

interface Seen {
  readonly outside: OutsideClient;
  readonly guard: Guard;
  readonly invocation: string;
}

/** The kinds of the crash simulator, against an outside that is reached over HTTP. */
export function syntheticKinds(seen: Seen): ReadonlyMap<string, StepKind> {
  const put: StepKind = {
    name: 'put',
    summary: 'puts content into targets',
    plan: (context) => planPut(seen, context),
    apply: (context, changes) => applyPut(seen, context, changes),
  };
  const remote: StepKind = {
    name: 'remote',
    summary: 'starts a remote run and waits for it',
    apply: (context) => applyRemote(seen, context),
  };
  return new Map([put, remote].map((kind) => [kind.name, kind]));
}

async function planPut({ outside, guard }: Seen, context: StepContext): Promise<Change[]> {
  const { targets } = context.input;
  const changes: Change[] = [];
  for (const name of Array.isArray(targets) ? targets.map(String) : []) {
    const target = `${context.project}/${context.environment}/${name}`;
    const after = contentFor(context.run.release, name);
    const before = await guard('outside', () => outside.read(target));
    const action = before === null ? 'create' : 'update';
    if (before !== after) changes.push({ target, action, before, after, class: 'reversible' });
  }
  return changes;
}

async function applyPut(
  { outside, guard, invocation }: Seen,
  context: StepContext,
  changes: readonly Change[],
): Promise<StepOutcome> {
  for (const { target, after: content } of changes) {
    const effect = { ...aboutOf(context), invocation, action: 'put', target, content };
    await guard('outside', () => outside.act(effect));
  }
  return { done: { targets: changes.length } };
}

async function applyRemote({ outside, guard, invocation }: Seen, context: StepContext): Promise<StepOutcome> {
  const { clock, memo, key: token } = context;
  const again = (remoteRun: string) => ({
    waiting: { until: clock.now() + ASK_AGAIN_IN_MS, memo: remoteRun },
  });
  if (memo === null) {
    const effect = { ...aboutOf(context), invocation, action: 'start', token };
    return again(await guard('outside', () => outside.act(effect)));
  }
  const state = await guard('outside', () => outside.stateOf(String(memo)));
  if (state === 'running') return again(String(memo));
  return state === 'passed' ? { done: { remoteRun: memo } } : { refused: `the remote run ${state}` };
}

function aboutOf({ project, run, stage, step, environment }: StepContext) {
  return { project, run: run.id, stage, step, environment };
}
