import type { Json } from '../../../shared/release/canonical-json.ts';
import { sha256 } from '../../../shared/release/canonical-json.ts';
import type { Change } from '../../../shared/release/plan.ts';
import type { StepContext, StepKind, StepOutcome } from '../../../shared/steps/step.ts';
import type { Invocation, World } from './world.ts';

/** Something that a step did outside, as the outside itself noted it. */
export interface OutsideEffect {
  readonly at: number;
  readonly run: string;
  readonly stage: string;
  readonly step: string;
  readonly environment: string | null;
  readonly action: 'put' | 'start' | 'cancel';
  readonly target: string;
}

interface RemoteRun {
  readonly id: string;
  readonly token: string;
  readonly startedAt: number;
  cancelled: boolean;
}

/** What stands for workspaces and remote services: targets with content, and long remote runs started with a token. */
export class Outside {
  readonly targets = new Map<string, string>();
  readonly remoteRuns = new Map<string, RemoteRun>();
  readonly effects: OutsideEffect[] = [];
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  read(invocation: Invocation, target: string): Promise<string | null> {
    return this.world.call(invocation, 'outside', async () => this.targets.get(target) ?? null);
  }

  put(invocation: Invocation, context: StepContext, { target, after }: Change): Promise<void> {
    return this.world.call(invocation, 'outside', async () => {
      this.note(context, 'put', target);
      if (after === null) this.targets.delete(target);
      else this.targets.set(target, after);
    });
  }

  /** The same token gives the same run, however often it is started. */
  start(invocation: Invocation, context: StepContext, token: string): Promise<string> {
    return this.world.call(invocation, 'outside', async () => {
      const known = [...this.remoteRuns.values()].find((run) => run.token === token);
      if (known !== undefined) return known.id;
      const id = `remote-${this.remoteRuns.size + 1}`;
      this.note(context, 'start', token);
      this.remoteRuns.set(id, { id, token, startedAt: this.world.clock.now(), cancelled: false });
      return id;
    });
  }

  state(invocation: Invocation, id: string, takesInMs: number): Promise<'running' | 'ended' | 'cancelled'> {
    return this.world.call(invocation, 'outside', async () => {
      const run = this.remoteRuns.get(id);
      if (run === undefined) throw new Error(`no remote run ${id}`);
      if (run.cancelled) return 'cancelled';
      return this.world.clock.now() - run.startedAt >= takesInMs ? 'ended' : 'running';
    });
  }

  stop(invocation: Invocation, context: StepContext, id: string): Promise<void> {
    return this.world.call(invocation, 'outside', async () => {
      this.note(context, 'cancel', id);
      const run = this.remoteRuns.get(id);
      if (run !== undefined) run.cancelled = true;
    });
  }

  private note(
    { run, stage, step, environment }: StepContext,
    action: OutsideEffect['action'],
    target: string,
  ): void {
    this.effects.push({ at: this.world.clock.now(), run: run.id, stage, step, environment, action, target });
  }
}

/** What the synthetic kinds can be told to do wrong. */
export interface Behaviour {
  /** Steps (`stage/step`) that always throw, or whose remote run ends badly. */
  readonly broken: ReadonlySet<string>;
  readonly refusing: ReadonlySet<string>;
}

/** Step kinds of the simulator: one that puts content into targets, one that starts a remote run and waits for it. */
export function simulatedKinds(
  outside: Outside,
  invocation: Invocation,
  behaviour: Behaviour,
): Map<string, StepKind> {
  const put: StepKind = {
    name: 'put',
    summary: 'puts content into targets',
    plan: (context) => planPut(outside, invocation, context),
    async apply(context, changes): Promise<StepOutcome> {
      if (behaviour.broken.has(`${context.stage}/${context.step}`)) throw new Error('broken for good');
      for (const change of changes) {
        if (context.signal.aborted) throw new Error('stopped');
        await outside.put(invocation, context, change);
      }
      return { done: { targets: changes.length } };
    },
  };
  const remote: StepKind = {
    name: 'remote',
    summary: 'starts a remote run and waits for it',
    apply: (context) => applyRemote(outside, invocation, { context, behaviour }),
    async cancel(context): Promise<StepOutcome> {
      await outside.stop(invocation, context, String(context.memo));
      return { done: {} };
    },
  };
  return new Map([put, remote].map((kind) => [kind.name, kind]));
}

async function planPut(outside: Outside, invocation: Invocation, context: StepContext): Promise<Change[]> {
  const changes: Change[] = [];
  for (const name of targetsOf(context)) {
    const target = `${context.environment}/${name}`;
    const after = sha256(`${context.run.release} ${name}`);
    const before = await outside.read(invocation, target);
    if (before !== after) {
      changes.push({
        target,
        action: before === null ? 'create' : 'update',
        before,
        after,
        class: 'reversible',
      });
    }
  }
  return changes;
}

function targetsOf({ input }: StepContext): string[] {
  const { targets } = input;
  return Array.isArray(targets) ? targets.map(String) : [];
}

async function applyRemote(
  outside: Outside,
  invocation: Invocation,
  { context, behaviour }: { readonly context: StepContext; readonly behaviour: Behaviour },
): Promise<StepOutcome> {
  const { clock, memo, stage, step } = context;
  const again = (id: Json): StepOutcome => ({ waiting: { until: clock.now() + 20_000, memo: id } });
  if (memo === null) return again(await outside.start(invocation, context, context.key));
  const state = await outside.state(invocation, String(memo), 50_000);
  if (state === 'running') return again(memo);
  if (behaviour.refusing.has(`${stage}/${step}`)) return { refused: '2 of 40 tests failed' };
  return { done: { remoteRun: memo } };
}
