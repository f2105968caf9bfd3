import { createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** The same content gives the same bytes, so a package's digest says what is in it. */
const fixedTime = new Date('2020-01-01T00:00:00Z');

/** Zips the files of a flat folder, sorted by name. */
export async function zipFolder(folder: string, zipFile: string): Promise<void> {
  await mkdir(dirname(zipFile), { recursive: true });
  const zip = new ZipFile();
  for (const name of (await readdir(folder)).sort()) {
    zip.addFile(join(folder, name), name, { mtime: fixedTime, mode: 0o100644 });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(zipFile));
}
