import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** A time stamp for every entry, so that the same content gives the same bytes. */
const ENTRY_TIME = new Date(2020, 0, 1);

/** The ZIP of files by path, below a top folder if one is named. */
export async function zipOf(files: ReadonlyMap<string, Uint8Array>, topFolder?: string): Promise<Uint8Array> {
  const zip = new ZipFile();
  for (const [path, bytes] of files) {
    const name = topFolder === undefined ? path : `${topFolder}/${path}`;
    zip.addBuffer(Buffer.from(bytes), name, { mtime: ENTRY_TIME });
  }
  if (files.size === 0 && topFolder !== undefined) zip.addEmptyDirectory(topFolder, { mtime: ENTRY_TIME });
  zip.end();
  return buffer(zip.outputStream);
}
