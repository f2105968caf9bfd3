import { advanceEnvironment } from '../../../shared/engine/advance.ts';
import { MESSAGE_SCHEMA } from '../../../shared/engine/messages.ts';
import { reconcile } from '../../../shared/engine/reconcile.ts';
import type { EnvironmentEvent, RunRequested } from '../../../shared/release/events.ts';
import type { Run } from '../../../shared/release/model.ts';
import type { SimulatedApp } from './app.ts';
import type { Scenario } from './scenario.ts';
import { APPROVER, OPERATOR, REQUESTER, TRACE } from './scenario.ts';
import type { TimerWork } from './virtual-clock.ts';
import { START_AT } from './world.ts';

const TIMER_IN_MS = 5 * 60_000;
const APPROVER_LOOKS_IN_MS = 15_000;
const OPERATOR_LOOKS_IN_MS = 3 * 60_000;
const ASK_AGAIN_IN_MS = 40_000;
const LATE_WEBHOOK_IN_MS = 45_000;

/** The people and the webhooks of a scenario. `idle` tells when none of them has anything left to do. */
export class People {
  private readonly app: SimulatedApp;
  private readonly what: Scenario;
  /** Deeds, and questions that have got no answer yet. */
  private open = 0;
  private readonly retried = new Map<string, number>();
  private readonly seenPlans = new Map<string, string>();

  constructor(app: SimulatedApp, what: Scenario) {
    this.app = app;
    this.what = what;
  }

  begin(): void {
    const { what } = this;
    for (const project of what.projects) {
      for (const [index, run] of what.runs.entries()) this.sendWebhooks(project, run, index);
      for (const deed of what.deeds) {
        const event = () => ({ ...deed.event, at: this.app.world.clock.now() });
        this.once(deed.afterInMs, () => {
          if ('run' in deed) this.post(project, deed.run, event());
          else this.ask(project, deed.environment, event() as unknown as EnvironmentEvent);
        });
      }
      if (what.approves) this.every(APPROVER_LOOKS_IN_MS, () => this.judgePlans(project));
      this.every(OPERATOR_LOOKS_IN_MS, () => this.operate(project));
      if (what.timer) this.every(TIMER_IN_MS, () => this.reconcile(project));
    }
  }

  isIdle(): boolean {
    return this.open === 0 && !this.runs().some((run) => this.willRetry(run));
  }

  runs(): Run[] {
    return this.what.projects.flatMap((project) => this.app.world.store.runs(project));
  }

  /** What a webhook or an HTTP function does once it has authenticated a caller: one message. */
  post(project: string, run: string, event: object): void {
    const { bus } = this.app.world;
    const body = JSON.stringify({
      schema: MESSAGE_SCHEMA,
      project,
      run,
      putOff: 0,
      traceparent: TRACE,
      event,
    });
    const id = `post.${run}.${bus.sent.length}`;
    bus.put('release-events', { id, body, notBefore: null, traceparent: TRACE });
  }

  private sendWebhooks(project: string, run: string, index: number): void {
    for (let count = 0; count < this.what.webhooks; count += 1) {
      this.once(index * this.what.gapInMs + count * LATE_WEBHOOK_IN_MS, () => {
        this.post(project, run, this.requestOf(project, run, index + 1));
      });
    }
  }

  private requestOf(project: string, run: string, order: number): RunRequested {
    return {
      type: 'run-requested',
      at: this.app.world.clock.now(),
      project,
      id: run,
      kind: 'release',
      release: { name: `build-${order}`, order },
      requestedBy: REQUESTER,
      why: 'build completed',
      overridesFreeze: false,
      pipeline: this.what.pipeline,
      traceparent: TRACE,
    };
  }

  /** Approves or rejects the plan that was there at the look before: it may have become stale since. */
  private judgePlans(project: string): 'idle' {
    for (const run of this.app.world.store.runs(project)) {
      if (run.status !== 'running') continue;
      for (const { name: stage, status, plan } of run.stages) {
        if (status !== 'waiting-for-approval' || plan === null) continue;
        const gate = `${project}/${run.id}/${stage}`;
        const seen = this.seenPlans.get(gate);
        this.seenPlans.set(gate, plan.hash);
        if (seen === undefined) continue;
        const type = this.what.rejects.includes(`${run.id}/${stage}`)
          ? 'approval-rejected'
          : 'approval-granted';
        const at = this.app.world.clock.now();
        this.post(project, run.id, { type, at, stage, planHash: seen, by: APPROVER, comment: '' });
      }
    }
    return 'idle';
  }

  /** Takes failed runs up again, and lifts holds. */
  private operate(project: string): void {
    const { store, clock } = this.app.world;
    const about = { at: clock.now(), by: OPERATOR, why: 'mended' };
    for (const run of store.runs(project)) {
      if (!this.willRetry(run)) continue;
      this.retried.set(`${project}/${run.id}`, (this.retried.get(`${project}/${run.id}`) ?? 0) + 1);
      this.post(project, run.id, { type: 'retry-requested', ...about });
    }
    for (const [environment, { value }] of store.partition(project).environments) {
      if (value.hold !== null) this.ask(project, environment, { type: 'hold-lifted', ...about });
    }
  }

  private willRetry({ project, id, status, kind }: Run): boolean {
    return (
      status === 'failed' &&
      kind === 'release' &&
      (this.retried.get(`${project}/${id}`) ?? 0) < this.what.retries
    );
  }

  /** A call of an HTTP function. Who gets no answer asks again. */
  private ask(project: string, environment: string, event: EnvironmentEvent): void {
    const { world } = this.app;
    this.open += 1;
    let answered = false;
    const attempt = () => {
      if (answered) return;
      const invocation = world.newInvocation();
      advanceEnvironment(this.app.portsOf(invocation, null), { project, environment }, event)
        .then(() => {
          this.open -= answered ? 0 : 1;
          answered = true;
        })
        .catch(() => undefined)
        .finally(() => world.endInvocation(invocation));
      world.clock.at(world.clock.now() + ASK_AGAIN_IN_MS, attempt);
    };
    attempt();
  }

  private reconcile(project: string): void {
    const { world } = this.app;
    const invocation = world.newInvocation();
    reconcile(this.app.portsOf(invocation, null), world.store, project)
      .catch(() => undefined)
      .finally(() => world.endInvocation(invocation));
  }

  private once(afterInMs: number, act: () => void): void {
    this.open += 1;
    this.app.world.clock.at(START_AT + afterInMs, () => {
      this.open -= 1;
      act();
    });
  }

  private every(timeInMs: number, act: TimerWork): void {
    const { clock } = this.app.world;
    const look = () => {
      clock.at(clock.now() + timeInMs, look);
      return act();
    };
    clock.at(START_AT + timeInMs, look);
  }
}
