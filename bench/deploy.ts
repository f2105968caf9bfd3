import { cleanUp } from '../shared/steps/clean-up.ts';
import { notebooks } from '../shared/steps/notebooks.ts';
import type { StepKind } from '../shared/steps/step.ts';
import { unityCatalog } from '../shared/steps/unity-catalog.ts';
import { wheel } from '../shared/steps/wheel.ts';
import type { DatabricksWorld } from '../test/steps/databricks-world.ts';
import { databricksWorld, makeVolume, writesOf } from '../test/steps/databricks-world.ts';
import type { Artifacts } from '../test/steps/step-runner.ts';
import { runToEnd } from '../test/steps/step-runner.ts';
import { buildWheel } from '../tools/example/wheel.ts';

const LATENCY_IN_MS = 100;
const SERVER_REQUESTS_PER_SECOND = 30;

/** One deployment: what it cost on a workspace with 100 ms latency that takes 30 requests a second. */
export interface DeployMeasurement {
  readonly project: string;
  readonly deployment: string;
  readonly requests: number;
  readonly writes: number;
  readonly throttled: number;
  readonly mostInFlight: number;
  /** Virtual time from the begin of planning to the end of the last step, one step after the other. */
  readonly lastsInMs: number;
}

interface Project {
  readonly name: string;
  readonly kinds: readonly StepKind[];
  readonly notebooks: number;
  readonly folders: number;
  /** Input of the steps. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** A file that is no notebook, which no archive takes. */
  readonly hasPlainFile?: boolean;
}

const VERSIONED = { strategy: 'versioned', keep: 3 };

const PROJECTS: readonly Project[] = [
  { name: '200 notebooks in 30 folders', kinds: [notebooks], notebooks: 200, folders: 30 },
  {
    name: '200 notebooks in 30 folders, versioned: one archive',
    kinds: [notebooks, cleanUp],
    notebooks: 200,
    folders: 30,
    input: VERSIONED,
  },
  {
    name: '200 notebooks and a file in 30 folders, versioned: file by file',
    kinds: [notebooks, cleanUp],
    notebooks: 200,
    folders: 30,
    input: VERSIONED,
    hasPlainFile: true,
  },
  {
    name: '50 notebooks in 10 folders, wheel of 2 MB',
    kinds: [wheel, notebooks],
    notebooks: 50,
    folders: 10,
  },
  { name: 'Unity Catalog: catalog, 4 schemas, volume', kinds: [unityCatalog], notebooks: 0, folders: 1 },
];
const WHEEL_BYTES = 2 * 1024 * 1024;

/** Measures first, unchanged and partly changed deployments. The same on every machine, since time is virtual. */
export async function benchDeploy(): Promise<DeployMeasurement[]> {
  const measured: DeployMeasurement[] = [];
  for (const project of PROJECTS) measured.push(...(await benchProject(project)));
  return measured;
}

async function benchProject(project: Project): Promise<DeployMeasurement[]> {
  const site = databricksWorld({
    metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/',
    limits: [{ match: '*', requestsPerSecond: SERVER_REQUESTS_PER_SECOND }],
  });
  // The volume that wheels go to belongs to the workspace, not to what is measured.
  if (project.kinds.includes(wheel)) await makeVolume(site.twin);
  site.twin.faults.add({ kind: 'latency', latencyInMs: LATENCY_IN_MS });
  const measured: DeployMeasurement[] = [];
  const inventories: Inventories = new Map();
  for (const [deployment, changed] of deploymentsOf(project)) {
    site.world.artifacts = await artifactsOf(project, changed);
    site.world.input = { ...project.input };
    const costs = await measure(site, project.kinds, inventories);
    measured.push({ project: project.name, deployment, ...costs });
  }
  return measured;
}

/** Name of a deployment, and how many notebooks differ from the first release by then; -1 for all. */
function deploymentsOf({ notebooks: count }: Project): [string, number][] {
  const always: [string, number][] = [
    ['first', 0],
    ['unchanged', 0],
  ];
  if (count === 0) return always;
  return [...always, ['1 changed', 1], ['3 more changed', 4], [`all ${count} changed`, -1]];
}

/** Each step keeps its own inventory, as each has one in the environment. */
type Inventories = Map<string, DatabricksWorld['world']['inventory']>;

async function measure(
  { world, twin }: DatabricksWorld,
  kinds: readonly StepKind[],
  inventories: Inventories,
) {
  twin.log.clear();
  const begin = world.clock.now();
  world.run = `release-${begin}`;
  for (const kind of kinds) {
    world.inventory = inventories.get(kind.name) ?? { digest: null, uncertain: [] };
    world.inventories = Object.fromEntries(inventories);
    const { refused } = await runToEnd(kind, world);
    if (refused !== null) throw new Error(refused);
    inventories.set(kind.name, world.inventory);
  }
  const throttled = twin.log.requests().filter(({ status }) => status === 429).length;
  return {
    requests: twin.log.count(),
    writes: writesOf(twin),
    throttled,
    mostInFlight: twin.log.peakInFlight(),
    lastsInMs: Math.round(world.clock.now() - begin),
  };
}

async function artifactsOf(project: Project, changed: number): Promise<Artifacts> {
  const limit = changed < 0 ? project.notebooks : changed;
  const files = Array.from({ length: project.notebooks }, (_, index) => {
    const body = index < limit ? `changed ${changed}` : 'first';
    return [
      `folder ${index % project.folders}/notebook ${index}.py`,
      `# Databricks notebook source\nprint("${body}")`,
    ];
  });
  return {
    'databricks-notebooks': {
      ...Object.fromEntries(files),
      ...(project.hasPlainFile ? { 'folder 0/zones.csv': 'a,b' } : {}),
    },
    'databricks-config': { 'unity-catalog.json': JSON.stringify(catalogFile()) },
    'python-wheel': await wheelOf(WHEEL_BYTES),
  };
}

/** The default catalog with a volume for wheels. */
function catalogFile(): object {
  const volumes = [{ name: 'libraries', volume_type: 'MANAGED' }];
  const schemas = ['bronze', 'silver', 'gold'].map((name) => ({ name }));
  const catalog = { name: 'parking_sensors_catalog_dev' };
  return { catalogs: [{ ...catalog, schemas: [...schemas, { name: 'utilities', volumes }] }] };
}

async function wheelOf(size: number): Promise<Record<string, Uint8Array>> {
  const project = { name: 'parking-sensors', description: '', requiresPython: '>=3.10', scripts: new Map() };
  const modules = new Map([['parking_sensors/data.bin', Buffer.alloc(size)]]);
  const { fileName, content } = await buildWheel({ project, version: '1.0', modules });
  return { [fileName]: content };
}

async function main(): Promise<void> {
  console.log(
    `${LATENCY_IN_MS} ms latency, ${SERVER_REQUESTS_PER_SECOND} requests a second allowed, virtual time\n`,
  );
  console.table(await benchDeploy());
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
