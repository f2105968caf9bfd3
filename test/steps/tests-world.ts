import { afterEach, expect } from '@jest/globals';
import type { AzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import { createAzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import type { RunScript } from '../../sandbox/databricks/run-model.ts';
import type { DatabricksTwin } from '../../sandbox/databricks/twin.ts';
import { createChance } from '../../sandbox/twin/chance.ts';
import { createAzureDevOpsClient } from '../../shared/adapters/azure-devops.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { TransientFailure } from '../../shared/errors.ts';
import type { Json } from '../../shared/release/canonical-json.ts';
import type { StepKind, StepOutcome } from '../../shared/steps/step.ts';
import { callTwin, databricksWorld, makeVolume, WORKSPACE } from './databricks-world.ts';
import { COMMIT, CONTENT, SERVICE } from './intake-world.ts';
import type { World } from './step-runner.ts';
import { contextOf } from './step-runner.ts';
import { twinHttpClient } from './twin-http-client.ts';
import { underVirtualTime } from './virtual-time.ts';

const TEST_FOLDER = '/Workspace/Shared/parking-sensors-tests';
export const RESULTS_FOLDER = '/Volumes/parking_sensors_catalog_dev/utilities/test_results';
/** Where the suites below leave their JUnit file in the run `release-1`. */
export const RESULTS = `${RESULTS_FOLDER}/release-1/results.xml`;

export interface TestsWorld {
  readonly world: World;
  readonly twin: DatabricksTwin;
  readonly azureDevOps: AzureDevOps;
}

/** The suites of tests.json as a project has them; `parts` changes the body of the run. */
export function suiteFile(parts: object = {}, results = resultsPath(`\${slipway.run}`)): object {
  const submit = {
    run_name: 'parking-sensors tests',
    timeout_seconds: 3600,
    tasks: [
      {
        task_key: 'tests',
        spark_python_task: {
          python_file: `\${slipway.testFolder}/run_suite.py`,
          source: 'WORKSPACE',
          parameters: [results],
        },
        environment_key: 'tests',
      },
    ],
    environments: [
      { environment_key: 'tests', spec: { environment_version: '3', dependencies: ['pytest==8.4.2'] } },
    ],
    ...parts,
  };
  return { integration_tests: { results, submit }, smoke_tests: { results, submit } };
}

export function resultsPath(run: string): string {
  return `/Volumes/\${unityCatalogName}/utilities/test_results/${run}/results.xml`;
}

/** Staging of a project whose tests are in the workspace, and its build in Azure DevOps, in one virtual time. */
export async function testsWorld(
  file: object = suiteFile(),
  options: DatabricksOptions = {},
): Promise<TestsWorld> {
  const storage = { metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/' };
  const { world, twin } = databricksWorld({
    ...storage,
    taskPendingInMs: 30_000,
    taskDurationInMs: 60_000,
    ...options,
  });
  await makeVolume(twin);
  const volume = {
    catalog_name: 'parking_sensors_catalog_dev',
    schema_name: 'utilities',
    name: 'test_results',
  };
  await callTwin(twin, '/api/2.1/unity-catalog/volumes', { ...volume, volume_type: 'MANAGED' });
  await callTwin(twin, '/api/2.0/workspace/mkdirs', { path: TEST_FOLDER });
  const content = Buffer.from('import pytest\n').toString('base64');
  await callTwin(twin, '/api/2.0/workspace/import', {
    path: `${TEST_FOLDER}/run_suite.py`,
    content,
    format: 'RAW',
  });
  twin.log.clear();
  const azureDevOps = organisation(world);
  world.artifacts = {
    'databricks-config': { 'tests.json': JSON.stringify(file) },
    'databricks-tests': { 'run_suite.py': 'import pytest\n' },
  };
  Object.assign(world, { environment: 'staging', stage: 'integration-tests' });
  return { world, twin, azureDevOps };
}

/** Gives the world the organisation `contoso` with a build that the step is told of. */
function organisation(world: World): AzureDevOps {
  const { clock } = world;
  const twinClock = { now: () => clock.now(), sleep: (timeInMs: number) => clock.sleep(timeInMs) };
  const azureDevOps = createAzureDevOps({
    clock: twinClock,
    chance: createChance(3),
    organization: 'contoso',
    origins: { service: SERVICE, content: CONTENT },
    acceptsToken: () => ({ ok: true, principal: 'Slipway' }),
  });
  azureDevOps.addProject('parking');
  const { id } = azureDevOps.publishBuild({ project: 'parking', definition: 'ci-artifacts', commit: COMMIT });
  const httpClient = twinHttpClient({ [SERVICE]: azureDevOps.service });
  const places = {
    baseUrl: SERVICE,
    artifactHosts: [],
    credential: null,
    clock,
    limits: new HostLimits(clock),
    httpClient,
  };
  const client = (organization: string) => createAzureDevOpsClient({ organization, ...places });
  Object.assign(world, { clients: { ...world.clients, azureDevOps: client } });
  world.input = {
    strategy: 'in-place',
    keep: 3,
    organization: 'contoso',
    project: 'parking',
    build: String(id),
  };
  return azureDevOps;
}

/** One test in JUnit's form. */
export function testCase(
  name: string,
  inner = '',
  className = 'integrationtests.test_bronze_to_silver',
): string {
  return `<testcase classname="${className}" name="${name}" time="1.250">${inner}</testcase>`;
}

/** A JUnit file as pytest writes it. */
export function junit(...cases: readonly string[]): string {
  return `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="${cases.length}" timestamp="2026-11-23T09:01:00.000000+00:00" hostname="driver">${cases.join('')}</testsuite></testsuites>`;
}

/** Lets every run from now on end well, or as `script` says, and leave this file. */
export function leaves({ twin }: TestsWorld, content: string | null, script: Partial<RunScript> = {}): void {
  twin.scriptRuns({ ...(content === null ? {} : { writes: [{ path: RESULTS, content }] }), ...script });
}

/** After every test of the file: nothing was sent to a twin, and nothing answered, that its contract does not have. */
export function holdContracts(site: () => TestsWorld): void {
  afterEach(() => {
    const { twin, azureDevOps } = site();
    expect([...twin.violations(), ...azureDevOps.service.violations()]).toEqual([]);
  });
}

/** How a step ended, called as the engine calls it. */
export interface Ended {
  readonly done: Readonly<Record<string, Json>> | null;
  readonly refused: string | null;
  /** Whether the refusal says that it is no word about the release. */
  readonly provesNothing: boolean;
  /** Of the last attempt, when all failed for a technical reason. */
  readonly failed: string | null;
  readonly calls: number;
  readonly attempts: number;
}

export interface Calls {
  /** Of the retry policy. */
  readonly attempts?: number;
  /** Called before every call of the step, to do something in between; gives the memo that the step is told. */
  readonly before?: (number: number, memo: Json) => Json;
}

/** Applies a step as the engine does: asks again while it waits, and tries again after technical failures. */
export function applyWithRetries(
  kind: StepKind,
  world: World,
  { attempts = 5, before }: Calls = {},
): Promise<Ended> {
  return underVirtualTime(world.clock, work());

  async function work(): Promise<Ended> {
    let memo: Json = null;
    let attempt = 1;
    for (let calls = 1; ; calls += 1) {
      if (before !== undefined) memo = before(calls, memo);
      const outcome = await applyOnce(kind, world, { memo, attempt });
      const end = {
        ...{ done: null, refused: null, provesNothing: false, failed: null },
        ...{ calls, attempts: attempt },
      };
      if ('done' in outcome) return { ...end, done: outcome.done };
      if ('refused' in outcome) {
        const { refused, provesNothing = false } = outcome;
        return { ...end, refused, provesNothing };
      }
      if ('waiting' in outcome) {
        memo = JSON.parse(JSON.stringify(outcome.waiting.memo)) as Json;
        await world.clock.sleep(Math.max(0, outcome.waiting.until - world.clock.now()));
        continue;
      }
      if (attempt === attempts) return { ...end, failed: outcome.failed };
      attempt += 1;
      await world.clock.sleep(15_000);
    }
  }
}

async function applyOnce(
  kind: StepKind,
  world: World,
  { memo, attempt }: { readonly memo: Json; readonly attempt: number },
): Promise<StepOutcome | { readonly failed: string }> {
  try {
    return await kind.apply({ ...(await contextOf(kind, world, memo)), attempt }, []);
  } catch (error) {
    if (error instanceof TransientFailure) return { failed: error.message };
    throw error;
  }
}

/** Runs of the workspace, newest first; their ids are text. */
export async function runsIn(twin: DatabricksTwin): Promise<readonly Record<string, unknown>[]> {
  const request = {
    method: 'GET',
    url: `${WORKSPACE}/api/2.2/jobs/runs/list`,
    headers: {},
    body: Buffer.from(''),
  };
  const { body } = await twin.handle(request);
  const text = Buffer.from(body)
    .toString()
    .replace(/"run_id":(\d+)/g, '"run_id":"$1"');
  const { runs = [] } = JSON.parse(text) as { runs?: Record<string, unknown>[] };
  return runs;
}

/** A test run as Azure DevOps tells it. */
export interface PublishedRun {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly comment: string;
  readonly build: string;
  readonly completedDate: string;
  readonly results: readonly Record<string, unknown>[];
  /** Names of its files. */
  readonly attachments: readonly string[];
}

/** Everything that was published, oldest first. */
export async function publishedRuns({ azureDevOps }: TestsWorld): Promise<readonly PublishedRun[]> {
  const get = async (path: string): Promise<Record<string, unknown>[]> => {
    const url = `${SERVICE}/contoso/parking/_apis/test/${path}${path.includes('?') ? '&' : '?'}api-version=7.1`;
    const headers = { authorization: 'Bearer reader' };
    const { body } = await azureDevOps.service.handle({ method: 'GET', url, headers, body: Buffer.from('') });
    return (JSON.parse(Buffer.from(body).toString()) as { value: Record<string, unknown>[] }).value;
  };
  const published: PublishedRun[] = [];
  for (const run of await get('runs?includeRunDetails=true')) {
    const results: Record<string, unknown>[] = [];
    for (let page = await get(`runs/${run.id}/results`); page.length > 0; ) {
      results.push(...page);
      page = page.length < 1000 ? [] : await get(`runs/${run.id}/results?$skip=${results.length}`);
    }
    const attachments = (await get(`runs/${run.id}/attachments`)).map(({ fileName }) => String(fileName));
    const build = String((run.build as { id?: string } | undefined)?.id);
    published.push({ ...(run as unknown as PublishedRun), build, results, attachments });
  }
  return published;
}
