import type { Stack } from '../../sandbox/stack.ts';
import { MESSAGE_SCHEMA } from '../../shared/engine/messages.ts';
import type { RunEvent } from '../../shared/release/events.ts';
import type { Run } from '../../shared/release/model.ts';
import { APPROVER, TRACE } from '../../test/engine/simulator/scenario.ts';
import type { Site } from './outside.ts';
import { RUN, requestOf } from './scenario.ts';
import type { Surroundings } from './surroundings.ts';

/** Far more than leases, message locks and restarts take together. */
const LIMIT_IN_MS = 60_000;
const LOOK_EVERY_IN_MS = 50;

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
export async function playSite(on: Surroundings, project: string, site: Site | null): Promise<Played> {
  const { log, state } = on;
  Object.assign(log, { site, killedAt: null });
  const begunAt = Date.now();
  await send(on, project, requestOf(project, begunAt));
  const approved = new Set<string>();
  let restarted = false;
  while (Date.now() < begunAt + LIMIT_IN_MS) {
    if (log.killedAt !== null && !restarted && !isAlive(on.stack.host.pid())) {
      await on.stack.host.start();
      restarted = true;
    }
    const { run } = await state.store.load(project, RUN);
    if (run !== null) await approve(on, run, approved);
    if (run?.endedAt && (site === null || log.killedAt === null || restarted) && (await isQuiet(on.stack))) {
      return conclude(on, run.endedAt - (log.killedAt ?? begunAt));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_IN_MS));
  }
  const played = await conclude(on, LIMIT_IN_MS);
  const counts = JSON.stringify(await countMessages(on.stack));
  return { ...played, leftOver: [...played.leftOver, `I1 no rest within ${LIMIT_IN_MS} ms: ${counts}`] };
}

async function conclude({ stack, log }: Surroundings, recoveredInMs: number): Promise<Played> {
  const dead = Object.entries(await countMessages(stack)).filter(([, { deadLetter }]) => deadLetter > 0);
  const leftOver = dead.map(([queue, { deadLetter }]) => `I6 ${deadLetter} dead letters in ${queue}`);
  return { wasKilled: log.killedAt !== null, recoveredInMs, leftOver };
}

/** Approves each plan that waits for it, once. */
async function approve(on: Surroundings, run: Run, approved: Set<string>): Promise<void> {
  for (const { name, status, plan } of run.stages) {
    if (status !== 'waiting-for-approval' || plan === null || approved.has(`${name} ${plan.hash}`)) continue;
    approved.add(`${name} ${plan.hash}`);
    const { hash: planHash } = plan;
    const what = { stage: name, planHash, by: APPROVER, comment: '' };
    await send(on, run.project, { type: 'approval-granted', at: Date.now(), ...what });
  }
}

async function send({ bus }: Surroundings, project: string, event: RunEvent): Promise<void> {
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
