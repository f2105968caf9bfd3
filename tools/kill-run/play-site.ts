import type { Stack } from '../../sandbox/stack.ts';
import type { ServiceBusSender } from '../../shared/adapters/service-bus-sender.ts';
import { MESSAGE_SCHEMA } from '../../shared/engine/messages.ts';
import type { RunEvent } from '../../shared/release/events.ts';
import type { Run } from '../../shared/release/model.ts';
import { APPROVER, TRACE } from '../../test/engine/simulator/scenario.ts';
import type { StoredState } from './history.ts';
import type { OutsideLog, Site } from './outside.ts';
import { RUN, requestOf } from './scenario.ts';

/** Far more than leases, message locks and restarts take together. */
const LIMIT_IN_MS = 60_000;
const LOOK_EVERY_IN_MS = 50;

/** What a site is played on. */
export interface Stage {
  readonly stack: Stack;
  readonly state: StoredState;
  readonly bus: ServiceBusSender;
  readonly log: OutsideLog;
}

/** How a run with one kill went. */
export interface Played {
  readonly wasKilled: boolean;
  /** From the kill, or else the start, to the end of the run. */
  readonly recoveredInMs: number;
  /** What is left over although the run should be over. */
  readonly leftOver: readonly string[];
}

/**
 * Carries one run through while the host is killed at the site, approves its plans, and starts the host again.
 * @param site null plays the run without a kill.
 */
export async function playSite(stage: Stage, project: string, site: Site | null): Promise<Played> {
  const { log, state } = stage;
  Object.assign(log, { site, killedAt: null });
  const begunAt = Date.now();
  await send(stage, project, requestOf(project, begunAt));
  const approved = new Set<string>();
  let restarted = false;
  while (Date.now() < begunAt + LIMIT_IN_MS) {
    if (log.killedAt !== null && !restarted && !isAlive(stage.stack.host.pid())) {
      await stage.stack.host.start();
      restarted = true;
    }
    const { run } = await state.store.load(project, RUN);
    if (run !== null) await approve(stage, run, approved);
    if (
      run?.endedAt &&
      (site === null || log.killedAt === null || restarted) &&
      (await isQuiet(stage.stack))
    ) {
      return conclude(stage, run.endedAt - (log.killedAt ?? begunAt));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_IN_MS));
  }
  const played = await conclude(stage, LIMIT_IN_MS);
  const counts = JSON.stringify(await countMessages(stage.stack));
  return { ...played, leftOver: [...played.leftOver, `I1 no rest within ${LIMIT_IN_MS} ms: ${counts}`] };
}

async function conclude({ stack, log }: Stage, recoveredInMs: number): Promise<Played> {
  const dead = Object.entries(await countMessages(stack)).filter(([, { deadLetter }]) => deadLetter > 0);
  const leftOver = dead.map(([queue, { deadLetter }]) => `I6 ${deadLetter} dead letters in ${queue}`);
  return { wasKilled: log.killedAt !== null, recoveredInMs, leftOver };
}

/** Approves each plan that waits for it, once. */
async function approve(stage: Stage, run: Run, approved: Set<string>): Promise<void> {
  for (const { name, status, plan } of run.stages) {
    if (status !== 'waiting-for-approval' || plan === null || approved.has(`${name} ${plan.hash}`)) continue;
    approved.add(`${name} ${plan.hash}`);
    const { hash: planHash } = plan;
    const what = { stage: name, planHash, by: APPROVER, comment: '' };
    await send(stage, run.project, { type: 'approval-granted', at: Date.now(), ...what });
  }
}

async function send({ bus }: Stage, project: string, event: RunEvent): Promise<void> {
  const message = { schema: MESSAGE_SCHEMA, project, run: RUN, putOff: 0, traceparent: TRACE, event };
  const id = `${project}.${event.type}.${event.at}`;
  await bus.send('release-events', [
    { id, body: JSON.stringify(message), notBefore: null, traceparent: TRACE },
  ]);
}

type Counts = Readonly<
  Record<string, Readonly<Record<'active' | 'locked' | 'scheduled' | 'deadLetter', number>>>
>;

async function countMessages({ serviceBusUrl }: Stack): Promise<Counts> {
  const response = await fetch(`${serviceBusUrl}/queues`);
  return (await response.json()) as Counts;
}

/** Nothing is on its way but wake-ups, such as the one for the end of a gate that has been passed long since. */
async function isQuiet(stack: Stack): Promise<boolean> {
  return Object.values(await countMessages(stack)).every(({ active, locked }) => active + locked === 0);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
