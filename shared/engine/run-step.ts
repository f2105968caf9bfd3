import { messageOf, Refusal, redact } from '../errors.ts';
import type { StepResult } from '../release/events.ts';
import type { Environment, Run, StageState, StepState } from '../release/model.ts';
import type { Change } from '../release/plan.ts';
import { countChanges, isWithin, parseChanges, stepPlan } from '../release/plan.ts';
import type { StepContext, StepKind, StepOutcome } from '../steps/step.ts';
import type { Advanced } from './advance.ts';
import { advance } from './advance.ts';
import type { Ports } from './engine-ports.ts';
import type { StepMessage } from './messages.ts';
import { stepContext } from './step-context.ts';
import { watchForCancel } from './watch-for-cancel.ts';

/** A step that this invocation has claimed. */
interface Claimed {
  readonly run: Run;
  readonly stage: StageState;
  readonly step: StepState;
  readonly kind: StepKind;
  readonly environments: ReadonlyMap<string, Environment>;
}

/** Tries to save a result before it is left to the look-again: the step would be run once more then. */
const SAVE_ATTEMPTS = 3;

/**
 * Runs one step: claim it, do it, report. Every path that ends without a report is caught by the wake-up at the
 * end of the lease.
 * @param invocation id of this execution of the function.
 */
export async function runStep(ports: Ports, message: StepMessage, invocation: string): Promise<void> {
  const { project, run, stage, step, mode, after } = message;
  const event = {
    type: 'step-claimed',
    at: ports.clock.now(),
    stage,
    step,
    mode,
    after,
    by: invocation,
  } as const;
  const advanced = await advance(ports, { project, run }, { event });
  const claimed = claimOf(ports, advanced, { message, by: invocation });
  if (claimed === null) return;
  const result = await perform(ports, claimed);
  await save(ports, message, { result, advanced });
}

function claimOf(
  ports: Ports,
  { loaded, ignored }: Advanced,
  asked: { message: StepMessage; by: string },
): Claimed | null {
  const { message, by } = asked;
  const stage = loaded.run?.stages.find(({ name }) => name === message.stage);
  const step = stage?.steps.find(({ name }) => name === message.step);
  if (ignored !== null || loaded.run === null || stage === undefined || step === undefined) return null;
  if (step.status !== 'claimed' || step.claim !== message.after + 1 || step.claimedBy !== by) return null;
  const definition = loaded.run.pipeline.stages.find(({ name }) => name === stage.name);
  const kindName = definition?.steps.find(({ name }) => name === step.name)?.kind ?? step.name;
  const kind = ports.kinds.get(kindName) ?? unknownKind(kindName);
  return { run: loaded.run, stage, step, kind, environments: loaded.environments };
}

/** A run may outlive the kind of its step: it then fails with a clear reason instead of burning messages. */
function unknownKind(name: string): StepKind {
  const refuse = () => Promise.reject(new Refusal(`this version of Slipway has no step kind "${name}"`));
  return { name, summary: 'unknown', plan: refuse, apply: refuse, cancel: refuse };
}

async function perform(ports: Ports, claimed: Claimed): Promise<StepResult> {
  const { run, stage, step } = claimed;
  const about = { stage: stage.name, step: step.name, claim: step.claim };
  const fields = { project: run.project, run: run.id, ...about, attempt: step.attempt };
  const watch = watchForCancel(ports, run);
  try {
    ports.log.info(`${step.mode} ${step.name}`, fields);
    const context = stepContext(ports, claimed, watch.signal);
    const result = step.mode === 'plan' ? await plan(claimed, context) : await apply(claimed, context);
    return { ...result, ...about, at: ports.clock.now() };
  } catch (error) {
    const at = ports.clock.now();
    ports.log.warn(`${step.mode} ${step.name} failed: ${messageOf(error)}`, fields);
    if (error instanceof Refusal) return { type: 'step-refused', ...about, at, reason: messageOf(error) };
    return { type: 'step-failed', ...about, at, error: messageOf(error) };
  } finally {
    watch.stop();
  }
}

/** A result without the fields that say of which claim it is. */
type Bare<Result> = Result extends StepResult ? Omit<Result, 'at' | 'stage' | 'step' | 'claim'> : never;

async function plan({ kind, stage, step }: Claimed, context: StepContext): Promise<Bare<StepResult>> {
  const changes = (await kind.plan?.(context)) ?? [];
  const { text, digest } = stepPlan(changes);
  await context.content.put(text);
  const approved = stage.round === 0 ? undefined : stage.approved?.digests[step.name];
  const withinApproved = approved !== undefined && isWithin(changes, await readChanges(context, approved));
  return { type: 'step-planned', digest, changes: countChanges(changes), withinApproved };
}

async function apply({ kind, step }: Claimed, context: StepContext): Promise<Bare<StepResult>> {
  const starts = step.mode === 'apply' && step.memo === null;
  if (context.signal.aborted && starts) throw new Error('the run was cancelled');
  const outcome =
    step.mode === 'cancel'
      ? ((await kind.cancel?.(context)) ?? { done: {} })
      : await kind.apply(context, step.plan === null ? [] : await readChanges(context, step.plan.digest));
  if ('refused' in outcome) return refusal(outcome);
  if ('waiting' in outcome) return { type: 'step-waited', ...outcome.waiting };
  return { type: 'step-succeeded', output: outcome.done };
}

function refusal({
  refused,
  provesNothing,
}: Extract<StepOutcome, { readonly refused: string }>): Bare<StepResult> {
  const reason = redact(refused);
  return { type: 'step-refused', reason, ...(provesNothing === true ? { provesNothing } : {}) };
}

/** The changes of a plan, from the content store, where only plans that we wrote have this digest. */
export async function readChanges(
  { content }: Pick<StepContext, 'content'>,
  digest: string,
): Promise<Change[]> {
  return parseChanges(await content.get(digest));
}

async function save(
  ports: Ports,
  { project, run }: StepMessage,
  { result, advanced }: { readonly result: StepResult; readonly advanced: Advanced },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const known = attempt === 1 ? { known: advanced.loaded } : {};
      await advance(ports, { project, run }, { event: result, ...known });
      return;
    } catch (error) {
      if (attempt === SAVE_ATTEMPTS) throw error;
      ports.log.warn(`could not save ${result.type}: ${messageOf(error)}`, {
        project,
        run,
        step: result.step,
      });
      await ports.clock.sleep(500 * attempt);
    }
  }
}
