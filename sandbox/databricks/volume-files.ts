import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import type { StoredFile } from './state.ts';
import { ancestorsOf, parentOf } from './workspace-path.ts';

const ON_A_FILE = 'The given path points to an existing file. This API does not support operations on files.';

/** A place in a volume: the files of the volume and the path below it, `/` for the volume itself. */
export interface VolumePlace {
  files: Map<string, StoredFile>;
  path: string;
}

/** Finds the volume of `/Volumes/catalog/schema/volume/…`; refuses other roots and volumes that do not exist. */
export function placeOf({ state }: DatabricksContext, text: string): VolumePlace {
  const [root, catalog, schema, volume, ...rest] = text.split('/').filter((part) => part !== '');
  if (root !== 'Volumes' || !catalog || !schema || !volume) {
    throw refusal(
      'INVALID_PARAMETER_VALUE',
      `Invalid path: unsupported path ${text}. It must begin with /Volumes/.`,
    );
  }
  const fullName = `${catalog}.${schema}.${volume}`.toLowerCase();
  const found = state.volumes.get(fullName);
  if (!found) throw refusal('NOT_FOUND', `Volume '${fullName}' does not exist.`);
  const id = found.info.volume_id;
  const files = state.volumeFiles.get(id) ?? new Map<string, StoredFile>();
  state.volumeFiles.set(id, files);
  return { files, path: '/' + rest.join('/') };
}

/** The content of a file; refuses with 404 what is missing or a folder. */
export function contentAt({ files, path }: VolumePlace): StoredFile & { content: Uint8Array } {
  const found = files.get(path);
  if (!found?.content) throw refusal('NOT_FOUND', 'The file being accessed is not found.');
  return { ...found, content: found.content };
}

/** Whether a folder is there; the volume itself always is. */
export function isFolder({ files, path }: VolumePlace): boolean {
  const found = files.get(path);
  return path === '/' || (found !== undefined && !found.content);
}

/** Writes a file whatever was there before, and the folders above it; refuses what is a folder or below a file. */
export function writeFile(place: VolumePlace, content: Uint8Array, at: number): void {
  if (isFolder(place)) throw refusal('ALREADY_EXISTS', 'A directory exists at the given path.');
  makeFolders(place, parentOf(place.path), at);
  place.files.set(place.path, { content, modifiedAt: at });
}

/** Makes a folder and all above it; refuses with a file on the way. */
export function makeFolders({ files }: VolumePlace, path: string, at: number): void {
  for (const folder of [...ancestorsOf(path), path]) {
    if (files.get(folder)?.content) throw refusal('ALREADY_EXISTS', ON_A_FILE);
    if (folder !== '/' && !files.has(folder)) files.set(folder, { modifiedAt: at });
  }
}
