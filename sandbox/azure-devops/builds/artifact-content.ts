import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

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
