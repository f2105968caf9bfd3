import type { DatabricksClient } from '../engine/databricks-client.ts';
import { messageOf, Refusal } from '../errors.ts';
import type { StepContext } from './step.ts';
import { readWanted } from './unity-catalog/wanted.ts';
import type { LibraryFolder } from './wheel/target.ts';

/**
 * Why a folder of the workspace cannot be made or written to, as far as reading tells; null when nothing is in the
 * way. Whether our identity may write there is not told to somebody who only reads.
 */
export async function folderProblem(
  { workspace }: DatabricksClient,
  folder: string,
  variable: string,
): Promise<string | null> {
  const segments = folder.replace(/^\/Workspace(?=\/)/, '').split('/');
  for (let length = segments.length; length > 1; length -= 1) {
    const path = segments.slice(0, length).join('/');
    const found = await workspace.status(path);
    if (found === null) continue;
    const isInTheWay = found.type === 'NOTEBOOK' || found.type === 'FILE';
    return isInTheWay ? inTheWay(path, found.type, { folder, variable }) : null;
  }
  return null;
}

function inTheWay(
  path: string,
  type: string,
  wanted: { readonly folder: string; readonly variable: string },
): string {
  return (
    `${path} is a ${type.toLowerCase()}, and ${wanted.folder} must be a folder: move it away, or correct the ` +
    `variable ${wanted.variable}.`
  );
}

/** Why wheels cannot be put into a folder, as far as reading tells; null when nothing is in the way. */
export async function libraryProblem(
  context: StepContext,
  client: DatabricksClient,
  { kind, path }: LibraryFolder,
): Promise<string | null> {
  if (kind === 'workspace') return folderProblem(client, path, 'databricksDbfsLibPath');
  if (kind === 'dbfs') return refusalOf(() => client.dbfs.size(path));
  const [, , catalog, schema, volume] = path.split('/');
  const fullName = `${catalog}.${schema}.${volume}`;
  if (await willBeMade(context, fullName)) return null;
  if ((await client.unityCatalog.find('volume', fullName)) !== null) return null;
  return (
    `The volume ${fullName} does not exist, and no step will make it: add it to unity-catalog.json, or correct the ` +
    'variable databricksDbfsLibPath.'
  );
}

/** Whether the file of the release has the volume; a file that is wrong is for its own step to refuse. */
async function willBeMade(context: StepContext, fullName: string): Promise<boolean> {
  const wanted = await readWanted(context).catch((error: unknown) => {
    if (error instanceof Refusal) return null;
    throw error;
  });
  const isIt = (name: string) => name.toLowerCase() === fullName.toLowerCase();
  return wanted?.some(({ securable }) => securable.kind === 'volume' && isIt(securable.fullName)) ?? true;
}

async function refusalOf(ask: () => Promise<unknown>): Promise<string | null> {
  try {
    await ask();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return messageOf(error);
    throw error;
  }
}
