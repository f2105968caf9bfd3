import type { StepContext } from '../../../shared/steps/step.ts';
import type { Invocation, World } from './world.ts';

/** Something that a step did outside, as the outside itself noted it. */
export interface OutsideEffect {
  readonly at: number;
  /** When the call began: the outside may be slow. */
  readonly askedAt: number;
  readonly project: string;
  readonly run: string;
  readonly stage: string;
  readonly step: string;
  readonly environment: string | null;
  readonly action: 'put' | 'start' | 'cancel';
  readonly target: string;
  /** Digest of the content that was put. */
  readonly content: string | null;
  /** Which execution of a function did it. */
  readonly invocation: string;
}

interface RemoteRun {
  readonly id: string;
  readonly token: string;
  readonly startedAt: number;
  /** How it ends: decided at its start, as the tests of a commit are. */
  readonly passes: boolean;
  cancelled: boolean;
}

/** What stands for workspaces and remote services: targets with content, and long remote runs started with a token. */
export class Outside {
  readonly targets = new Map<string, string>();
  readonly remoteRuns = new Map<string, RemoteRun>();
  readonly effects: OutsideEffect[] = [];
  private readonly tokens = new Map<string, string>();
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  read(invocation: Invocation, target: string): Promise<string | null> {
    return this.world.call(invocation, 'outside', async () => this.targets.get(target) ?? null);
  }

  put(
    invocation: Invocation,
    context: StepContext,
    { target, after }: { readonly target: string; readonly after: string | null },
  ): Promise<void> {
    const askedAt = this.world.clock.now();
    return this.world.call(invocation, 'outside', async () => {
      this.note(invocation, context, { action: 'put', target, content: after, askedAt });
      if (after === null) this.targets.delete(target);
      else this.targets.set(target, after);
    });
  }

  /** The same token gives the same run, however often it is started. */
  start(
    invocation: Invocation,
    context: StepContext,
    { token, passes }: { readonly token: string; readonly passes: boolean },
  ): Promise<string> {
    const askedAt = this.world.clock.now();
    return this.world.call(invocation, 'outside', async () => {
      const unique = `${context.project}/${token}`;
      const known = this.tokens.get(unique);
      if (known !== undefined) return known;
      const id = `remote-${this.remoteRuns.size + 1}`;
      this.note(invocation, context, { action: 'start', target: id, content: null, askedAt });
      this.tokens.set(unique, id);
      this.remoteRuns.set(id, { id, token, passes, startedAt: this.world.clock.now(), cancelled: false });
      return id;
    });
  }

  state(
    invocation: Invocation,
    id: string,
    takesInMs: number,
  ): Promise<'running' | 'passed' | 'failed' | 'cancelled'> {
    return this.world.call(invocation, 'outside', async () => {
      const run = this.remoteRuns.get(id);
      if (run === undefined) throw new Error(`no remote run ${id}`);
      if (run.cancelled) return 'cancelled';
      if (this.world.clock.now() - run.startedAt < takesInMs) return 'running';
      return run.passes ? 'passed' : 'failed';
    });
  }

  /** @param known id; null: the run that was started with the key of the step, if there is one. */
  stop(invocation: Invocation, context: StepContext, known: string | null): Promise<void> {
    const askedAt = this.world.clock.now();
    return this.world.call(invocation, 'outside', async () => {
      const id = known ?? this.tokens.get(`${context.project}/${context.key}`);
      if (id === undefined) return;
      this.note(invocation, context, { action: 'cancel', target: id, content: null, askedAt });
      const run = this.remoteRuns.get(id);
      if (run !== undefined) run.cancelled = true;
    });
  }

  private note(
    invocation: Invocation,
    { project, run, stage, step, environment }: StepContext,
    what: Pick<OutsideEffect, 'action' | 'target' | 'content' | 'askedAt'>,
  ): void {
    const at = this.world.clock.now();
    this.effects.push({
      at,
      project,
      run: run.id,
      stage,
      step,
      environment,
      invocation: invocation.id,
      ...what,
    });
  }
}
