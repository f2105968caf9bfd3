import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud } from './cloud.ts';
import { startCloud } from './cloud.ts';
import { keptPorts } from './kept-ports.ts';
import type { ShownRun } from './release/api.ts';
import { SlipwayApi } from './release/api.ts';
import { Approvals } from './release/approvals.ts';
import { setFaults } from './release/faults.ts';
import { follow } from './release/follow.ts';
import type { StartOptions } from './release/options.ts';
import { readOptions } from './release/options.ts';
import type { SandboxProject } from './release/project.ts';
import {
  addArtifactsPipeline,
  exampleProject,
  projectIn,
  publish,
  seedCloud,
  slipwayYaml,
  subscribe,
} from './release/project.ts';
import { exitCodeOf, inventories, summaryOf, violationsIn } from './release/summary.ts';
import { seconds } from './release/view.ts';
import { announce, withdraw } from './release/where.ts';
import type { Stack } from './stack.ts';
import { startStack } from './stack.ts';

const WEBHOOK = { user: 'azure-devops', password: 'only-for-the-sandbox' };

/** A sandbox that is up. */
interface Sandbox {
  readonly options: StartOptions;
  readonly cloud: Cloud;
  readonly stack: Stack;
  readonly api: SlipwayApi;
  readonly project: SandboxProject;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function startSandbox(options: StartOptions): Promise<Sandbox> {
  const begunAt = Date.now();
  const folder = options.state ?? (await mkdtemp(join(tmpdir(), 'slipway-sandbox-')));
  const state = options.state === null ? {} : { stateFolder: options.state };
  // However this process ends, short of a kill: what was only for it goes with it.
  if (options.state === null) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const ports = await keptPorts(options.state);
  const cloudIsUp = startCloud({
    folder: join(folder, 'cloud'),
    keeps: options.state !== null,
    ports,
    failingTests: options.failingTests,
  });
  const [cloud, project, stack] = await Promise.all([
    cloudIsUp,
    options.artifacts === null
      ? exampleProject(join(folder, 'example-artifacts'))
      : projectIn(options.artifacts),
    startStack({
      ...state,
      port: options.port === 0 ? ports.of('api') : options.port,
      settings: cloudIsUp.then(settingsOf),
      onLine: (program, line) => (options.verbose ? say(`         [${program}] ${line}`) : undefined),
    }),
  ]);
  await ports.keep({ api: Number(new URL(stack.url).port) });
  const api = new SlipwayApi(stack.url);
  say(`Slipway is up at ${stack.url}/api (${seconds(Date.now() - begunAt)}). Nothing leaves this machine.`);
  return { options, cloud, stack, api, project };
}

function settingsOf({ settings }: Cloud): Readonly<Record<string, string>> {
  return { ...settings, WEBHOOK_USER: WEBHOOK.user, WEBHOOK_PASSWORDS: WEBHOOK.password };
}

/** Registers the project, publishes its build and lets Azure DevOps call the webhook. */
async function release({ cloud, stack, api, project, options }: Sandbox): Promise<string> {
  seedCloud(cloud, project);
  const pipeline = addArtifactsPipeline(cloud, project);
  await api.register(project.name, slipwayYaml(project, pipeline));
  await subscribe(cloud, { url: `${stack.url}/api/webhooks/azure-devops`, ...WEBHOOK });
  setFaults(cloud, options.faults);
  const build = publish(cloud, project);
  say(`Build ${build} of ${project.name} is published; Azure DevOps calls the webhook.\n`);
  return `release-${build}`;
}

function conclude({ stack, cloud, project }: Sandbox, run: ShownRun): void {
  const took = seconds((run.endedAt ?? run.createdAt) - run.createdAt);
  say(`\nRun ${run.id} ${run.status} in ${took}.`);
  const failed = run.stages.find(
    ({ note, status }) => status !== 'succeeded' && status !== 'skipped' && note !== null,
  );
  if (failed !== undefined) say(`Stage ${failed.name}: ${failed.note}`);
  const violations = violationsIn(cloud);
  for (const violation of violations) say(`CONTRACT VIOLATION ${violation}`);
  if (violations.length > 0)
    say(`Contract violations: ${violations.length}. With --once the exit code is 1.`);
  const api = `${stack.url}/api/projects/${project.name}`;
  say(
    `Look at   ${api}/runs/${run.id}\n          ${api}/runs/${run.id}/events\n          ${api}/environments`,
  );
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.stdin.isTTY === true);
  const interrupted = new AbortController();
  let stop = (): Promise<void> => Promise.resolve();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted.abort();
      void stop().finally(() => process.exit(130));
    });
  }
  const sandbox = await startSandbox(options);
  stop = once(() => stopAll(sandbox));
  try {
    await releaseIn(sandbox, stop);
  } catch (error) {
    // What fails because everything is being stopped is no failure.
    if (!interrupted.signal.aborted) say(error instanceof Error ? error.message : String(error));
    await stop();
    process.exit(interrupted.signal.aborted ? 130 : 1);
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= work();
    return done;
  };
}

/** Publishes the build, follows its release to the end, and says what came of it. */
async function releaseIn(sandbox: Sandbox, stop: () => Promise<void>): Promise<void> {
  const { options } = sandbox;
  const before = inventories(sandbox.cloud);
  const { api, project } = sandbox;
  const approvals = new Approvals(api, { how: options.approve }, say);
  const id = await release(sandbox);
  await announce({ url: `${sandbox.stack.url}/api`, project: project.name, pid: process.pid }).catch(
    (error: unknown) => say(`npm run redeploy and rollback will need --url: ${String(error)}`),
  );
  const run = await follow({ api, project: project.name, approvals, write: say }, id);
  conclude(sandbox, run);
  if (options.once) await stop();
  if (options.json) process.stdout.write(`${JSON.stringify(summaryOf(sandbox.cloud, run, before))}\n`);
  if (options.once) process.exit(exitCodeOf(run, violationsIn(sandbox.cloud)));
  say('\nCtrl-C stops everything.');
}

async function stopAll({ stack, cloud }: Sandbox): Promise<void> {
  await withdraw(process.pid);
  await stack.stop();
  await cloud.stop();
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
