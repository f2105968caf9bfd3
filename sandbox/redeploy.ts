import { randomUUID } from 'node:crypto';
import type { ShownRun } from './release/api.ts';
import { SlipwayApi } from './release/api.ts';
import { Approvals } from './release/approvals.ts';
import { follow } from './release/follow.ts';
import { leftBehind, PlanView } from './release/plan-view.ts';
import type { RedeployOptions } from './release/redeploy-options.ts';
import { readRedeployOptions } from './release/redeploy-options.ts';
import { isGood, seconds } from './release/view.ts';
import { answers, findSandbox } from './release/where.ts';

const APPROVERS = ['Alex Approver', 'Riley Requester'];

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The API, and the project that it is about. */
async function place({ url }: RedeployOptions): Promise<{ api: SlipwayApi; project: string }> {
  if (url === null) {
    const where = await findSandbox();
    return { api: apiAt(where.url), project: where.project };
  }
  if (!(await answers(url))) throw new Error(`nothing answers at ${url}; is the sandbox up (npm start)?`);
  const api = apiAt(url);
  const [project, ...others] = await api.projects();
  if (project !== undefined && others.length === 0) return { api, project };
  throw new Error(
    `${url} has ${project === undefined ? 'no project' : `several projects: ${[project, ...others].join(', ')}`}`,
  );
}

function apiAt(url: string): SlipwayApi {
  return new SlipwayApi(url.replace(/\/api$/, ''));
}

async function main(): Promise<void> {
  const options = readRedeployOptions(process.argv.slice(2), process.stdin.isTTY === true);
  const { kind, environment, release, by, why, approve } = options;
  const { api, project } = await place(options);
  const key = randomUUID();
  const body = { by, why, confirm: true, ...(release === null ? {} : { release }) };
  const asked = await api.deploy({ project, environment, kind, key }, body);
  const from = asked.from === null || asked.from === asked.release ? '' : ` (${asked.from} is there now)`;
  say(`${kind} of ${environment} to ${asked.release}${from}: run ${asked.run}\n`);
  const approver = APPROVERS.find((name) => name !== by) ?? by;
  const approvals = new Approvals(api, { how: approve, approver }, say);
  const plans = new PlanView(api, say);
  const run = await follow({ api, project, approvals, write: say, plans }, asked.run);
  conclude(run, `${api.origin}${asked.looksAt}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...asked, ...summaryOf(run) })}\n`);
  process.exitCode = isGood(run) ? 0 : 1;
}

function conclude(run: ShownRun, looksAt: string): void {
  say(`\nRun ${run.id} ${run.status} in ${seconds(lasted(run))}.`);
  const failed = run.stages.find(
    ({ note, status }) => status !== 'succeeded' && status !== 'skipped' && note !== null,
  );
  if (failed !== undefined) say(`Stage ${failed.name}: ${failed.note}`);
  for (const line of leftBehind(run)) say(line);
  say(`Look at   ${looksAt}\n          ${looksAt}/events`);
}

function lasted({ createdAt, endedAt }: ShownRun): number {
  return (endedAt ?? createdAt) - createdAt;
}

function summaryOf(run: ShownRun): object {
  const stages = run.stages.map(({ name, status, plan }) => {
    return { name, status, planHash: plan?.hash ?? null, changes: plan?.changes ?? null };
  });
  return { status: run.status, durationInMs: lasted(run), stages, leftBehind: leftBehind(run) };
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
