import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** A file to pack; its path is relative, with forward slashes. */
export interface ArchiveEntry {
  readonly path: string;
  readonly content: Uint8Array;
}

/** The earliest moment that a zip can hold. Local time on purpose: the format has wall-clock fields. */
const EPOCH = new Date(1980, 0, 1);

/**
 * Packs files into a zip archive: equal files make equal bytes, in whichever order they come.
 * Imported dynamically where it is needed, so that a cold start does not load the library.
 */
export function zipArchive(entries: readonly ArchiveEntry[]): Promise<Uint8Array> {
  const zip = new ZipFile();
  const sorted = [...entries].sort((left, right) => (left.path < right.path ? -1 : 1));
  for (const { path, content } of sorted) {
    // The other form of times holds the time zone.
    const options = { mtime: EPOCH, mode: 0o100644, forceDosTimestamp: true };
    zip.addBuffer(Buffer.from(content.buffer, content.byteOffset, content.byteLength), path, options);
  }
  zip.end();
  return buffer(zip.outputStream);
}
