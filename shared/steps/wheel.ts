import type { DatabricksClient } from '../engine/databricks-client.ts';
import { Refusal, TransientFailure } from '../errors.ts';
import type { Json } from '../release/canonical-json.ts';
import type { Change } from '../release/plan.ts';
import { storeInventory } from './inventory.ts';
import { mayBePersonal } from './notebooks/paths.ts';
import { libraryProblem } from './place-check.ts';
import type { Strategy, Wheel } from './release-layout.ts';
import { LIBRARY_PATH, strategyOf, wheelsOf } from './release-layout.ts';
import { manifestOf } from './run-inputs.ts';
import type { StepContext, StepKind } from './step.ts';
import { readWheelName, wheelProblem } from './wheel/file.ts';
import type { SentWheel, SentWheels, WheelData } from './wheel/inventory.ts';
import { readWheels, wheelIn, wheelsAfter } from './wheel/inventory.ts';
import type { LibraryFolder } from './wheel/target.ts';
import { libraryFolder, putWheel, wheelSize } from './wheel/target.ts';
import type { Task } from './work-through.ts';
import { refusedIf, workThrough } from './work-through.ts';
import { workspaceOf } from './workspace.ts';

/**
 * Puts the wheels of a release where clusters load them from, under the names that the build gave them: into the
 * folder of `databricksDbfsLibPath`, or (versioned) each into one of its own below it. Older wheels stay.
 */
export const wheel: StepKind = {
  name: 'wheel',
  summary: 'Python wheels in the folder of databricksDbfsLibPath',
  async plan(context) {
    const place = await readPlace(context);
    const wheels = place.release.filter((file) => !isThere(file, place.sent));
    await refuseProblems(context, place, wheels);
    return wheels.map((file) => changeOf(file, place.sent));
  },
  async check(context, changes) {
    if (changes.length === 0) return [];
    const { client, folder } = await readPlace(context);
    const problem = await libraryProblem(context, client, folder);
    return problem === null ? [] : [problem];
  },
  async apply(context, changes) {
    const place = await readPlace(context);
    // One after the other: a wheel may be large, and the memory of a function is not.
    const tasks = changes.map((change, phase): Task => {
      return { phase, run: async () => refusedIf(await send(context, change, place)) };
    });
    return (await workThrough(context, tasks)) ?? { done: await outputOf(context, place, changes) };
  },
};

/** Where wheels go, and which are there. */
interface Place {
  readonly client: DatabricksClient;
  readonly folder: LibraryFolder;
  readonly strategy: Strategy['strategy'];
  readonly release: readonly Wheel[];
  readonly sent: SentWheels;
}

async function readPlace(context: StepContext): Promise<Place> {
  const { client, variables } = await workspaceOf(context);
  const { strategy } = strategyOf(context);
  return {
    client,
    strategy,
    folder: libraryFolder(variables[LIBRARY_PATH], mayBePersonal(context)),
    release: wheelsOf(await manifestOf(context), variables[LIBRARY_PATH], strategy),
    sent: await readWheels(context, client.workspaceUrl),
  };
}

function knownAt(path: string, { wheels }: SentWheels): SentWheel | undefined {
  return wheels.find((each) => each.path === path);
}

function isThere({ path, sha256 }: Wheel, sent: SentWheels): boolean {
  const known = knownAt(path, sent);
  return known?.whole === true && known.sha256 === sha256;
}

async function refuseProblems(
  { environment, content }: StepContext,
  { folder, sent }: Place,
  wheels: readonly Wheel[],
): Promise<void> {
  const problems: string[] = [];
  for (const { fileName, sha256, size } of wheels) {
    if ((sent.names[fileName] ?? sha256) !== sha256) problems.push(sameName(fileName, environment));
    if (size > folder.mostBytes)
      problems.push(`${fileName} is larger than what a ${folder.kind} folder takes: use a volume.`);
    const problem = await wheelProblem(fileName, await content.get(sha256));
    if (problem !== null)
      problems.push(
        `${fileName} ${problem}: pip would not install it. Build it with python -m build --wheel, and publish it under the name that it gets.`,
      );
  }
  if (problems.length > 0) throw new Refusal(`The wheel cannot be deployed. ${problems.join(' ')}`);
}

function sameName(fileName: string, environment: string | null): string {
  return (
    `${fileName} was deployed to ${environment} with other content. A running cluster does not install a file ` +
    'name again, so it would go on with the old content. Give every build a version of its own, such as 1.2.0.post57.'
  );
}

function changeOf({ path, fileName, sha256, size }: Wheel, sent: SentWheels): Change {
  const known = knownAt(path, sent);
  const before = known?.whole === true ? known.sha256 : null;
  const data: WheelData = {
    upload: sent.uploads + 1,
    ...(known === undefined ? {} : { looksFirst: true }),
  };
  return {
    target: path,
    action: before === null ? 'create' : 'update',
    before,
    after: sha256,
    class: 'reversible',
    detail: `wheel ${readWheelName(fileName)?.version ?? ''}, ${size} bytes`,
    data,
  };
}

/** Writes one wheel. A versioned one may be in use if it is there, so it is never written twice, and read back. */
async function send(
  { clock, content }: StepContext,
  change: Change,
  { client, folder, strategy }: Place,
): Promise<string | null> {
  const bytes = await content.get(change.after ?? '');
  const { target } = change;
  const isVersioned = strategy === 'versioned';
  const looksFirst = isVersioned && wheelIn(change)?.looksFirst === true;
  if (looksFirst && (await wheelSize(client, target)) === bytes.length) return null;
  const refused = await putWheel({ client, folder, clock }, target, bytes);
  if (refused !== null || !isVersioned) return refused;
  const size = await wheelSize(client, target);
  if (size === bytes.length) return null;
  throw new TransientFailure(`${target} has ${size ?? 'no'} bytes after its upload, not ${bytes.length}`);
}

async function outputOf(
  context: StepContext,
  { client, release, sent }: Place,
  changes: readonly Change[],
): Promise<Record<string, Json>> {
  const wheels = release.map(({ path, fileName }) => ({
    path,
    version: readWheelName(fileName)?.version ?? '',
  }));
  const made = { workspace: client.workspaceUrl, run: context.run.id };
  const inventory = await storeInventory(context, wheelsAfter(sent, changes, made));
  return { path: wheels[0]?.path ?? null, version: wheels[0]?.version ?? null, wheels, inventory };
}
