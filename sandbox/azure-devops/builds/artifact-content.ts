import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import type { Artifact } from './rows.ts';

/** What an artifact holds: a folder on disk, or its files by path with forward slashes. */
export type ArtifactContent = string | Readonly<Record<string, string | Uint8Array>>;

/** Reads the content now, so that a folder may change or go afterwards. Throws when the folder is missing. */
export function readContent(content: ArtifactContent): Map<string, Uint8Array> {
  const files = typeof content === 'string' ? filesBelow(content) : Object.entries(content);
  return new Map(
    files.map(([path, bytes]) => [path, typeof bytes === 'string' ? Buffer.from(bytes) : bytes]),
  );
}

function filesBelow(folder: string): [string, Uint8Array][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(folder, path))]);
}

/** A time stamp for every entry, so that the same content gives the same bytes. */
const ENTRY_TIME = new Date(2020, 0, 1);

/** The ZIP of an artifact; its one top folder is called like the artifact. */
export async function zipOf({ name, entries }: Artifact): Promise<Uint8Array> {
  const zip = new ZipFile();
  for (const [path, bytes] of entries) {
    zip.addBuffer(Buffer.from(bytes), `${name}/${path}`, { mtime: ENTRY_TIME });
  }
  if (entries.size === 0) zip.addEmptyDirectory(name, { mtime: ENTRY_TIME });
  zip.end();
  return buffer(zip.outputStream);
}
