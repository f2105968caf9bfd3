import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud } from '../../sandbox/cloud.ts';
import { startCloud } from '../../sandbox/cloud.ts';
import type { SandboxProject } from '../../sandbox/release/project.ts';
import {
  addArtifactsPipeline,
  exampleProject,
  publish,
  seedCloud,
  slipwayYaml,
  subscribe,
} from '../../sandbox/release/project.ts';
import type { Stack } from '../../sandbox/stack.ts';
import names from '../../shared/names.json';
import type { Run } from '../../shared/release/model.ts';
import { eventually } from './eventually.ts';
import { callApi, endService, startService } from './service.ts';

const WEBHOOK = { user: 'azure-devops', password: 'only-for-this-test' };
/** For a run of all environments on a busy machine. */
const RUN_TAKES_IN_MS = 120_000;

/** Messages that a killed host held come again after five seconds instead of a minute. */
const QUEUES = {
  queues: names.queues.map(({ name, properties }) => ({
    name,
    properties: { ...properties, lockDuration: 'PT5S' },
  })),
};

/** The service on its stack among the twins of everything that it works with, with the example project registered. */
export interface SandboxService {
  readonly stack: Stack;
  readonly cloud: Cloud;
  readonly project: SandboxProject;
  /** Publishes the next build, with these files in the artifact of the notebooks besides, and takes it to its end. */
  release(files: Readonly<Record<string, string>>): Promise<Run>;
  /** Approves what waits for it until the run is over. */
  end(run: string): Promise<Run>;
  stop(): Promise<void>;
}

export async function startSandboxService(): Promise<SandboxService> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  const ports = { of: () => 0, keep: () => Promise.resolve() };
  const cloud = await startCloud({ folder, keeps: false, ports });
  const project = inPlace(await exampleProject(join(folder, 'artifacts')));
  const settings = {
    ...cloud.settings,
    WEBHOOK_USER: WEBHOOK.user,
    WEBHOOK_PASSWORDS: WEBHOOK.password,
    // The ids of its subscriptions are the twin's to give.
    WEBHOOK_SUBSCRIPTIONS: '',
  };
  const stack = await startService({ queues: QUEUES, settings });
  seedCloud(cloud, project);
  const body = slipwayYaml(project, addArtifactsPipeline(cloud, project));
  await callApi(stack, `projects/${project.name}`, { method: 'PUT', body });
  await subscribe(cloud, { url: `${stack.url}/api/webhooks/azure-devops`, ...WEBHOOK });
  const end = (run: string) =>
    eventually(`the end of ${run}`, () => look(stack, project.name, run), RUN_TAKES_IN_MS);
  return {
    ...{ stack, cloud, project, end },
    async release(files) {
      const notebooks = await mkdtemp(join(folder, 'notebooks-'));
      await cp(project.artifacts['databricks-notebooks'] ?? '', notebooks, { recursive: true });
      for (const [name, content] of Object.entries(files)) await writeFile(join(notebooks, name), content);
      const artifacts = { ...project.artifacts, 'databricks-notebooks': notebooks };
      return end(`release-${publish(cloud, { ...project, artifacts })}`);
    },
    async stop() {
      await endService(stack);
      await cloud.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Every environment gets its notebooks in one folder, so that what is there is easily seen. */
function inPlace({ strategies: _its, ...project }: SandboxProject): SandboxProject {
  return project;
}

/** The run when it is over; approves its plans meanwhile. */
async function look(stack: Stack, project: string, id: string): Promise<Run | null> {
  const path = `projects/${project}/runs/${id}`;
  const { status, body } = await callApi(stack, path).catch(() => ({ status: 0, body: null }));
  if (status !== 200) return null;
  const run = body as Run;
  if (run.status !== 'running') return run;
  for (const { name, status: its, plan } of run.stages) {
    if (its !== 'waiting-for-approval' || plan === null) continue;
    const approval = JSON.stringify({ planHash: plan.hash, by: 'Alex Approver' });
    await callApi(stack, `${path}/stages/${name}/approve`, { method: 'POST', body: approval });
  }
  return null;
}
