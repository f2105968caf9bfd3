import * as z from 'zod';
import type { DatabricksClient } from '../engine/databricks-client.ts';
import { Refusal } from '../errors.ts';
import type { Json } from '../release/canonical-json.ts';
import type { Change } from '../release/plan.ts';
import { readInventory, storeInventory, uncertainChanges } from './inventory.ts';
import type { Wheel } from './release-layout.ts';
import { strategyOf, wheelsOf } from './release-layout.ts';
import { manifestOf } from './run-inputs.ts';
import type { StepContext, StepKind } from './step.ts';
import { readWheelName, wheelProblem } from './wheel-file.ts';
import type { LibraryFolder } from './wheel-target.ts';
import { libraryFolder, putWheel } from './wheel-target.ts';
import { refusedIf, workThrough } from './work-through.ts';
import { workspaceOf } from './workspace.ts';

/** Every wheel that was ever put there, since none is deleted: running jobs may load it. */
const inventoryShape = z.strictObject({
  schema: z.literal(1),
  workspace: z.string(),
  /** SHA-256 by full path. */
  wheels: z.record(z.string(), z.string()),
});

/**
 * Puts the wheels of a release into the folder of `databricksDbfsLibPath`, under the names that the build gave them.
 * Older wheels stay.
 */
export const wheel: StepKind = {
  name: 'wheel',
  summary: 'Python wheels in the folder of databricksDbfsLibPath',
  async plan(context) {
    const place = await readPlace(context);
    const wheels = await wheelsIn(context, place);
    const uncertain = new Set((await uncertainChanges(context)).map(({ target }) => target));
    const { deployed } = place;
    const changed = wheels.filter(({ path, sha256 }) => deployed[path] !== sha256 || uncertain.has(path));
    await refuseProblems(context, place, changed);
    return changed.map((file) => changeOf(file, deployed));
  },
  async apply(context, changes) {
    const place = await readPlace(context);
    const site = { ...place, clock: context.clock };
    // One after the other: a wheel may be large, and the memory of a function is not.
    const tasks = changes.map(({ target, after }, phase) => ({
      phase,
      run: async () => refusedIf(await putWheel(site, target, await context.content.get(after ?? ''))),
    }));
    return (await workThrough(context, tasks)) ?? { done: await outputOf(context, place, changes) };
  },
};

/** Where wheels go, and which are there. */
interface Place {
  readonly client: DatabricksClient;
  readonly folder: LibraryFolder;
  /** SHA-256 by full path; what was put into another workspace does not count. */
  readonly deployed: Readonly<Record<string, string>>;
}

async function wheelsIn(context: StepContext, { folder }: Pick<Place, 'folder'>): Promise<readonly Wheel[]> {
  return wheelsOf(await manifestOf(context), folder.path, strategyOf(context).strategy);
}

async function readPlace(context: StepContext): Promise<Place> {
  const { client, variables } = await workspaceOf(context);
  const stored = await readInventory(context, inventoryShape);
  const deployed = stored?.workspace === client.workspaceUrl ? stored.wheels : {};
  return { client, folder: libraryFolder(variables.databricksDbfsLibPath), deployed };
}

async function refuseProblems(
  { environment, content }: StepContext,
  { folder, deployed }: Place,
  wheels: readonly Wheel[],
): Promise<void> {
  const problems: string[] = [];
  for (const { fileName, path, sha256, size } of wheels) {
    const before = deployed[path];
    if (before !== undefined && before !== sha256) problems.push(sameName(fileName, environment));
    if (size > folder.mostBytes)
      problems.push(`${fileName} is larger than what a ${folder.kind} folder takes: use a volume.`);
    const problem = await wheelProblem(fileName, await content.get(sha256));
    if (problem !== null) problems.push(`${fileName} ${problem}: pip would not install it.`);
  }
  if (problems.length > 0) throw new Refusal(`The wheel cannot be deployed. ${problems.join(' ')}`);
}

function sameName(fileName: string, environment: string | null): string {
  return (
    `${fileName} was deployed to ${environment} with other content. A running cluster does not install a file ` +
    'name again, so it would go on with the old content. Give every build a version of its own, such as 1.2.0.post57.'
  );
}

function changeOf(
  { path, fileName, sha256, size }: Wheel,
  deployed: Readonly<Record<string, string>>,
): Change {
  return {
    target: path,
    action: deployed[path] === undefined ? 'create' : 'update',
    before: deployed[path] ?? null,
    after: sha256,
    class: 'reversible',
    detail: `wheel ${readWheelName(fileName)?.version ?? ''}, ${size} bytes`,
  };
}

async function outputOf(
  context: StepContext,
  place: Place,
  changes: readonly Change[],
): Promise<Record<string, Json>> {
  const { client, deployed } = place;
  const wheels = (await wheelsIn(context, place)).map(({ path, fileName }) => ({
    path,
    version: readWheelName(fileName)?.version ?? '',
  }));
  const sent = changes.map(({ target, after }) => [target, after ?? ''] as const);
  const inventory = await storeInventory<z.infer<typeof inventoryShape>>(context, {
    schema: 1,
    workspace: client.workspaceUrl,
    wheels: { ...deployed, ...Object.fromEntries(sent) },
  });
  return { path: wheels[0]?.path ?? null, version: wheels[0]?.version ?? null, wheels, inventory };
}
