import type { DatabricksTwin } from '../../../sandbox/databricks/twin.ts';
import type { VirtualClock } from '../../engine/simulator/virtual-clock.ts';
import { WORKSPACE } from '../databricks-world.ts';

/** What people do while deployments go on. */
export interface People {
  /** Ids of all runs that they started. */
  readonly runs: readonly string[];
  /** When somebody will do something next. */
  nextAt(): number;
  /** Lets them do what they have meant to do by now. */
  catchUp(): Promise<void>;
}

export interface Surroundings {
  readonly handle: DatabricksTwin['handle'];
  readonly clock: VirtualClock;
  readonly random: () => number;
}

/** Calls the workspace, its Jobs API where the path names no other; ids have more digits than a number can hold, so bodies are text here. */
export async function ask(
  handle: DatabricksTwin['handle'],
  path: string,
  body?: string,
): Promise<{ status: number; text: string }> {
  const method = body === undefined ? 'GET' : 'POST';
  const url = WORKSPACE + (path.startsWith('/api/') ? path : `/api/2.2/jobs${path}`);
  const answer = await handle({ method, url, headers: {}, body: Buffer.from(body ?? '') });
  return { status: answer.status, text: Buffer.from(answer.body).toString('utf8') };
}

/**
 * People who start the job, repair runs of it that failed, and cancel some, whatever is being deployed: before and
 * after every single request of a deployment those have their turn whose time has come.
 */
export function peopleAt(surroundings: Surroundings): People {
  const { clock, random } = surroundings;
  const runs: string[] = [];
  const repairs = new Map<string, string>();
  const pause = () => 2_000 + Math.floor(random() * 240_000);
  let at = clock.now() + pause();
  let turn = Promise.resolve();
  const act = async () => {
    while (at <= clock.now()) {
      at += pause();
      const choice = random();
      if (choice < 0.65) await start(surroundings, runs);
      else if (choice < 0.95) await repair(surroundings, runs, repairs);
      else await cancel(surroundings, runs);
    }
  };
  return {
    runs,
    nextAt: () => at,
    catchUp: () => {
      turn = turn.then(act);
      return turn;
    },
  };
}

/** Lets people have their turns around every request that reaches the workspace. */
export function among(twin: DatabricksTwin, people: People): void {
  const { handle } = twin;
  twin.handle = async (request) => {
    await people.catchUp();
    const answer = await handle(request);
    await people.catchUp();
    return answer;
  };
}

async function start({ handle }: Surroundings, runs: string[]): Promise<void> {
  const job = /"job_id":(\d+)/.exec((await ask(handle, '/list')).text)?.[1];
  if (job === undefined) return;
  const { status, text } = await ask(handle, '/run-now', `{"job_id":${job}}`);
  const run = /"run_id":(\d+)/.exec(text)?.[1];
  if (status !== 200 || run === undefined) throw new Error(`run-now: ${status} ${text}`);
  runs.push(run);
}

/** A run is repaired any number of times, long after others have begun. */
async function repair(
  { handle, random }: Surroundings,
  runs: readonly string[],
  repairs: Map<string, string>,
): Promise<void> {
  const run = runs[Math.floor(random() ** 0.5 * runs.length)];
  if (run === undefined) return;
  const latest = repairs.get(run);
  const after = latest === undefined ? '' : `,"latest_repair_id":${latest}`;
  const body = `{"run_id":${run},"rerun_all_failed_tasks":true${after}}`;
  const { status, text } = await ask(handle, '/runs/repair', body);
  const id = /"repair_id":(\d+)/.exec(text)?.[1];
  // One that still runs cannot be repaired.
  if (status === 200 && id !== undefined) repairs.set(run, id);
}

async function cancel({ handle, random }: Surroundings, runs: readonly string[]): Promise<void> {
  const run = runs[Math.floor(random() * runs.length)];
  if (run !== undefined) await ask(handle, '/runs/cancel', `{"run_id":${run}}`);
}
