import type { Ports } from '../../../shared/engine/engine-ports.ts';
import { toMessage } from '../../../shared/engine/messages.ts';
import type { Commit, Loaded } from '../../../shared/engine/ports.ts';
import type { Run, StageState, StepState } from '../../../shared/release/model.ts';
import type { StepContext, StepKind } from '../../../shared/steps/step.ts';
import type { Sabotage } from '../simulator/app.ts';
import { PROJECT } from '../simulator/scenario.ts';
import { CANARY } from '../simulator/world.ts';

/** An engine with one seeded defect, as somebody could plausibly write it. */
export interface Mutant {
  readonly name: string;
  /** What is wrong with it. */
  readonly defect: string;
  /** The invariant that must notice. */
  readonly caughtBy: string;
  /** The trial that is played with faults, if none notices without: `one release`, unless told. */
  readonly aimedAt?: string;
  readonly sabotage: Sabotage;
}

/** @throws Error when there is no such mutant. */
export function mutantNamed(name: string): Mutant {
  const mutant = MUTANTS.find((each) => each.name === name);
  if (mutant === undefined)
    throw new Error(`no mutant ${name}; there are ${MUTANTS.map((each) => each.name).join(', ')}`);
  return mutant;
}

function withStore(ports: Ports, change: Partial<Ports['store']>): Ports {
  return { ...ports, store: { ...ports.store, ...change } };
}

/** Changes what is committed. */
function committing(change: (commit: Commit) => Commit): Sabotage {
  return (ports) => withStore(ports, { commit: (commit) => ports.store.commit(change(commit)) });
}

/** Changes what is loaded first while a message of a kind is handled: what a decision about the message is made from. */
function loading(
  change: (loaded: Loaded, body: Body) => Loaded,
  wanted: (body: Body) => boolean = () => true,
): Sabotage {
  return (ports, _invocation, text) => {
    const body = text === null ? null : (JSON.parse(text) as Body);
    if (body === null || !wanted(body)) return ports;
    let isClaiming = true;
    const load = async (project: string, run: string) => {
      const loaded = await ports.store.load(project, run);
      return isClaiming ? change(loaded, body) : loaded;
    };
    const commit = async (what: Commit) => {
      const stored = await ports.store.commit(what);
      if (stored !== 'conflict') isClaiming = false;
      return stored;
    };
    return withStore(ports, { load, commit });
  };
}

/** What mutants read of a message. */
interface Body {
  readonly stage?: string;
  readonly step?: string;
  readonly mode?: StepState['mode'];
  readonly after?: number;
  readonly event?: { readonly type: string; readonly stage?: string; readonly planHash?: string };
}

const isStepMessage = (body: Body) => body.step !== undefined;

function withStages(run: Run, change: (stage: StageState) => StageState): Run {
  return { ...run, stages: run.stages.map(change) };
}

function withSteps(run: Run, change: (step: StepState, stage: StageState) => StepState): Run {
  return withStages(run, (stage) => ({ ...stage, steps: stage.steps.map((step) => change(step, stage)) }));
}

/** Sends what a decision asks for, past the outbox. */
async function sendAll(ports: Ports, { run, event, effects, environments }: Commit): Promise<void> {
  const subject =
    run === null
      ? `environment.${environments[0]?.name}.${environments[0]?.version}`
      : `${run.id}.${run.version}`;
  for (const [index, effect] of effects.entries()) {
    const { queue, message } = toMessage(PROJECT, '', { id: `${subject}.${index}`, effect });
    await ports.bus.send(queue, [message]);
  }
  if (event === null) throw new Error('nothing happened');
}

const everyStepKind = (
  kinds: Ports['kinds'],
  change: (context: StepContext) => StepContext,
): Ports['kinds'] =>
  new Map(
    [...kinds].map(([name, kind]): [string, StepKind] => [
      name,
      { ...kind, apply: (context, changes) => kind.apply(change(context), changes) },
    ]),
  );

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'outbox-forgotten',
    defect: 'a message whose event changes nothing is settled without sending what an earlier runner left',
    caughtBy: 'I1',
    sabotage: loading((loaded) => ({ ...loaded, outbox: [] })),
  },
  {
    name: 'send-before-commit',
    defect: 'effects are sent first and committed afterwards, without an outbox',
    caughtBy: 'I1',
    sabotage: (ports) =>
      withStore(ports, {
        commit: async (commit) => {
          await sendAll(ports, commit);
          return ports.store.commit({ ...commit, effects: [] });
        },
      }),
  },
  {
    name: 'store-then-send',
    defect: 'effects are sent after the commit, without an outbox',
    caughtBy: 'I1',
    sabotage: (ports) =>
      withStore(ports, {
        commit: async (commit) => {
          const stored = await ports.store.commit({ ...commit, effects: [] });
          if (stored !== 'conflict') await sendAll(ports, commit);
          return stored;
        },
      }),
  },
  {
    name: 'two-writes',
    defect: 'the run is written first and its environments in a second write',
    caughtBy: 'I3',
    sabotage: (ports) =>
      withStore(ports, {
        commit: async (commit) => {
          if (commit.run === null || commit.environments.length === 0) return ports.store.commit(commit);
          const stored = await ports.store.commit({ ...commit, environments: [] });
          if (stored === 'conflict') return stored;
          const second = await ports.store.commit({ ...commit, run: null, effects: [] });
          return second === 'conflict'
            ? stored
            : {
                ...stored,
                environments: second.environments,
                tags: { ...second.tags, run: stored.tags.run },
              };
        },
      }),
  },
  {
    name: 'no-etag-check',
    defect: 'a row is replaced whatever it holds by now',
    caughtBy: 'I1',
    sabotage: (ports) =>
      withStore(ports, {
        commit: async (commit) => {
          if (commit.run === null) return ports.store.commit(commit);
          const { run, tags } = await ports.store.load(commit.project, commit.run.id);
          const version = (run?.version ?? 0) + 1;
          return ports.store.commit({ ...commit, tags, run: { ...commit.run, version } });
        },
      }),
  },
  {
    name: 'environments-unguarded',
    aimedAt: 'three releases',
    defect: 'the ETag of the run is checked, those of the environments are not',
    caughtBy: 'I3',
    sabotage: (ports) =>
      withStore(ports, {
        commit: async (commit) => {
          const { tags } = await ports.store.load(commit.project, commit.run?.id ?? '');
          return ports.store.commit({ ...commit, tags: { ...commit.tags, environments: tags.environments } });
        },
      }),
  },
  {
    name: 'short-lease',
    defect: 'a lease ends before the function that holds it',
    caughtBy: 'I3',
    sabotage: loading((loaded) =>
      loaded.run === null ? loaded : { ...loaded, run: withShortLeases(loaded.run) },
    ),
  },
  {
    name: 'every-message-claims',
    defect: 'a message for a step is taken however often it comes',
    caughtBy: 'I3',
    sabotage: loading((loaded, { stage: stageName, step: name, mode = 'apply', after = 0 }) => {
      if (loaded.run === null) return loaded;
      const isIt = (step: StepState, stage: StageState) =>
        stage.name === stageName && step.name === name && step.mode === mode;
      return {
        ...loaded,
        run: withSteps(loaded.run, (step, stage) => {
          const taken = isIt(step, stage) && step.status === 'claimed' && step.claim === after + 1;
          return taken ? { ...step, status: 'pending', claim: after } : step;
        }),
      };
    }, isStepMessage),
  },
  {
    name: 'random-key',
    defect: 'a step gets another key at every attempt',
    caughtBy: 'I4',
    sabotage: (ports, invocation) => ({
      ...ports,
      kinds: everyStepKind(ports.kinds, (context) => ({
        ...context,
        key: `${context.key}-${invocation.id}`,
      })),
    }),
  },
  {
    name: 'approval-skipped',
    defect: 'gates are not waited at',
    caughtBy: 'I5',
    sabotage: committing((commit) => {
      if (commit.run === null || commit.event.type !== 'run-requested') return commit;
      const stages = commit.run.pipeline.stages.map((stage) => ({
        ...stage,
        gate: { ...stage.gate, approvals: 0 },
      }));
      return { ...commit, run: { ...commit.run, pipeline: { ...commit.run.pipeline, stages } } };
    }),
  },
  {
    name: 'approval-of-any-plan',
    defect: 'an approval counts for whatever plan is at hand',
    caughtBy: 'I5',
    sabotage: loading(
      (loaded, { event }) => {
        const { planHash: hash = '' } = event ?? {};
        if (loaded.run === null) return loaded;
        return {
          ...loaded,
          run: withStages(loaded.run, (stage) =>
            stage.name === event?.stage && stage.plan !== null
              ? { ...stage, plan: { ...stage.plan, hash } }
              : stage,
          ),
        };
      },
      ({ event }) => event?.type === 'approval-granted',
    ),
  },
  {
    name: 'no-look-again',
    defect: 'nobody looks again at the end of a lease',
    caughtBy: 'I1',
    sabotage: committing((commit) => ({
      ...commit,
      effects: commit.effects.filter(({ type }) => type !== 'wake-run'),
    })),
  },
  {
    name: 'lock-kept-on-failure',
    defect: 'a run that fails keeps its environment',
    caughtBy: 'I7',
    sabotage: committing((commit) => {
      if (commit.run?.status !== 'failed') return commit;
      const { id } = commit.run;
      const lock = { run: id, stage: commit.run.stages[0]?.name ?? '', order: 1, since: 0 };
      return {
        ...commit,
        environments: commit.environments.map((each) => (each.lock === null ? { ...each, lock } : each)),
      };
    }),
  },
  {
    name: 'random-record-id',
    defect: 'a telemetry record gets another id each time it is sent',
    caughtBy: 'I9',
    sabotage: (ports, invocation) => ({
      ...ports,
      bus: {
        send: (queue, messages) =>
          ports.bus.send(
            queue,
            queue === 'records'
              ? messages.map((message) => ({
                  ...message,
                  id: `${message.id}-${invocation.id}`,
                  body: withOtherId(message.body, invocation.id),
                }))
              : messages,
          ),
      },
    }),
  },
  {
    name: 'cancel-ignored',
    defect: 'a step is claimed and goes on although its run is cancelled',
    caughtBy: 'I5',
    sabotage: (ports, _invocation, text) => {
      if (text === null || !isStepMessage(JSON.parse(text))) return ports;
      const load = async (project: string, id: string) => {
        const loaded = await ports.store.load(project, id);
        return { ...loaded, run: loaded.run === null ? null : { ...loaded.run, cancelled: null } };
      };
      return withStore(ports, { load });
    },
  },
  {
    name: 'retry-repeats-everything',
    defect: 'a retry runs again what has succeeded',
    caughtBy: 'I4',
    sabotage: loading(
      (loaded) => {
        if (loaded.run?.status !== 'failed') return loaded;
        return {
          ...loaded,
          run: withSteps(loaded.run, (step, stage) =>
            stage.status === 'failed' ? { ...step, status: 'idle' } : step,
          ),
        };
      },
      ({ event }) => event?.type === 'retry-requested',
    ),
  },
  {
    name: 'freeze-ignored',
    defect: 'a freeze is not looked at any more once the stage is approved',
    caughtBy: 'I5',
    sabotage: loading(
      (loaded) => ({
        ...loaded,
        environments: new Map(
          [...loaded.environments].map(([name, environment]) => [name, { ...environment, freezes: [] }]),
        ),
      }),
      ({ event, step }) => step !== undefined || event?.type === 'approval-granted',
    ),
  },
  {
    name: 'secret-not-redacted',
    defect: 'error texts are stored as they come',
    caughtBy: 'I8',
    sabotage: committing((commit) =>
      commit.run === null
        ? commit
        : {
            ...commit,
            run: withSteps(commit.run, (step) =>
              step.error === null ? step : { ...step, error: step.error.replaceAll('***', CANARY) },
            ),
          },
    ),
  },
  {
    name: 'failed-send-forgotten',
    defect: 'a message that the queue did not take counts as sent',
    caughtBy: 'I1',
    sabotage: (ports) => ({
      ...ports,
      bus: { send: (queue, messages) => ports.bus.send(queue, messages).catch(() => undefined) },
    }),
  },
  {
    name: 'event-row-missing',
    defect: 'a lost claim leaves a gap in the audit log',
    caughtBy: 'I2',
    sabotage: committing((commit) =>
      commit.run === null || commit.event.type !== 'time-passed'
        ? commit
        : { ...commit, run: { ...commit.run, version: commit.run.version + 1 } },
    ),
  },
];

function withShortLeases(run: Run): Run {
  const stages = run.pipeline.stages.map((stage) => ({
    ...stage,
    steps: stage.steps.map((step) => ({ ...step, leaseInMs: 10_000 })),
  }));
  return { ...run, pipeline: { ...run.pipeline, stages } };
}

function withOtherId(body: string, suffix: string): string {
  const record = JSON.parse(body);
  return JSON.stringify({ ...record, id: `${record.id}-${suffix}` });
}
