import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { Clock } from '../../engine/ports.ts';
import { Refusal } from '../../errors.ts';
import { folderNotSeen, folderOf, pathProblem, rootFolder } from '../notebooks/paths.ts';
import { withPatience } from '../patience.ts';

const VARIABLE = 'databricksDbfsLibPath';
/** `/Volumes/catalog/schema/volume`, with the empty one before the first slash. */
const VOLUME_SEGMENTS = 5;

/** A folder for wheels: in a volume of Unity Catalog, in the workspace, or in DBFS. */
export interface LibraryFolder {
  readonly kind: 'volume' | 'workspace' | 'dbfs';
  /** As libraries of clusters and jobs name it, without slash at the end. */
  readonly path: string;
  /** The largest file that it takes, where Slipway would meet that limit. */
  readonly mostBytes: number;
}

/**
 * Reads the variable `databricksDbfsLibPath`.
 * @param allowPersonal whether a folder of the workspace may be one of a person or of Git.
 * @throws Refusal when it is no folder that wheels can be put into.
 */
export function libraryFolder(value: string | undefined, allowPersonal: boolean): LibraryFolder {
  if (value === undefined || value === '') throw new Refusal(`The variable ${VARIABLE} has no value.`);
  // Databricks takes volumes with this prefix, too.
  const path = value.replace(/\/+$/, '').replace(/^dbfs:(?=\/Volumes\/)/, '');
  if (path.startsWith('/Volumes/')) return volumeFolder(path);
  if (path.startsWith('dbfs:')) return dbfsFolder(path);
  const root = rootFolder(path, { variable: VARIABLE, allowPersonal });
  return { kind: 'workspace', path: `/Workspace${root}`, mostBytes: 10 * 1024 * 1024 };
}

function volumeFolder(path: string): LibraryFolder {
  const problem = pathProblem(path.slice(1));
  if (problem !== null) throw new Refusal(`${VARIABLE} is "${path}", which ${problem}.`);
  if (path.split('/').length >= VOLUME_SEGMENTS) return { kind: 'volume', path, mostBytes: 5 * 1024 ** 3 };
  throw new Refusal(`${VARIABLE} is "${path}"; a volume has the form /Volumes/catalog/schema/volume.`);
}

function dbfsFolder(path: string): LibraryFolder {
  const inner = path.slice('dbfs:'.length);
  const problem = inner.startsWith('/') ? pathProblem(inner.slice(1)) : 'does not begin with dbfs:/';
  if (problem !== null) throw new Refusal(`${VARIABLE} is "${path}", which ${problem}.`);
  return { kind: 'dbfs', path, mostBytes: Number.POSITIVE_INFINITY };
}

/** What writing a wheel needs. */
export interface Site {
  readonly client: DatabricksClient;
  readonly folder: LibraryFolder;
  readonly clock: Clock;
}

/** Writes one wheel; its folder is made where it may be missing. @returns why it cannot be, or null. */
export async function putWheel(
  { client, folder, clock }: Site,
  path: string,
  content: Uint8Array,
): Promise<string | null> {
  switch (folder.kind) {
    case 'volume':
      return putIntoVolume({ client, clock }, path, content);
    case 'workspace':
      return putIntoWorkspace(client, path, content);
    case 'dbfs':
      await client.dbfs.put(path, content);
      return null;
  }
}

/** What kind of place a wheel's path is in. */
function kindOf(path: string): LibraryFolder['kind'] {
  if (path.startsWith('dbfs:')) return 'dbfs';
  return path.startsWith('/Volumes/') ? 'volume' : 'workspace';
}

/** Size of a wheel that is there, in bytes; null when there is none, or something else. */
export async function wheelSize(client: DatabricksClient, path: string): Promise<number | null> {
  const kind = kindOf(path);
  if (kind === 'volume') return client.volumes.size(path);
  if (kind === 'dbfs') return client.dbfs.size(path);
  return (await client.workspace.status(path))?.size ?? null;
}

/** Removes a wheel; one that is gone is fine. Its folder stays. */
export async function removeWheel(client: DatabricksClient, path: string): Promise<void> {
  const kind = kindOf(path);
  if (kind === 'volume') await client.volumes.remove(path);
  else await (kind === 'dbfs' ? client.dbfs : client.workspace).remove(path);
}

/** Removes a folder of wheels if nothing is in it. */
export async function removeWheelFolder(client: DatabricksClient, path: string): Promise<void> {
  const kind = kindOf(path);
  if (kind === 'volume') await client.volumes.removeFolder(path);
  else await (kind === 'dbfs' ? client.dbfs : client.workspace).remove(path);
}

async function putIntoVolume(
  { client, clock }: Pick<Site, 'client' | 'clock'>,
  path: string,
  content: Uint8Array,
): Promise<string | null> {
  const { volumes } = client;
  const isBelow = folderOf(path).split('/').length > VOLUME_SEGMENTS;
  const put = async () => {
    if (isBelow && (await volumes.makeFolder(folderOf(path))) === 'no-volume') return 'no-volume';
    return volumes.put(path, content);
  };
  if ((await withPatience(clock, put, (answer) => answer === 'done')) === 'done') return null;
  return (
    `${path} cannot be written: its volume does not exist. Add it to unity-catalog.json, or correct the ` +
    `variable ${VARIABLE}.`
  );
}

async function putIntoWorkspace(
  { workspace }: DatabricksClient,
  path: string,
  content: Uint8Array,
): Promise<string | null> {
  const put = () => workspace.put(path, content, { format: 'RAW' });
  let sent = await put();
  if (sent === 'no-folder') {
    const made = await workspace.makeFolder(folderOf(path));
    sent = made === 'done' ? await put() : 'other-type';
  }
  if (sent === 'done') return null;
  if (sent === 'no-folder') throw folderNotSeen(path);
  return `${path} cannot be written: something that is no file, or no folder, has its path. Move it away, then retry.`;
}
