import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProjectFiles } from './project-files.ts';

/** The artifacts of a build, by the names that the pipelines publish them under. */
export const ARTIFACT_NAMES = [
  'python-wheel',
  'infrastructure',
  'databricks-notebooks',
  'databricks-config',
  'databricks-tests',
] as const;

export type ArtifactName = (typeof ARTIFACT_NAMES)[number];

/** The files of each artifact, by path relative to the artifact. */
export type Artifacts = Readonly<Record<ArtifactName, ProjectFiles>>;

/** One written file: path relative to the output folder, size in bytes, SHA-256 in hex. */
export interface ArtifactFile {
  path: string;
  size: number;
  sha256: string;
}

/**
 * Writes `outputFolder/<artifact>/…` and says what it wrote, in a fixed order.
 * Artifact folders of an earlier build are replaced as a whole; nothing else in the folder is touched.
 */
export async function writeArtifacts(outputFolder: string, artifacts: Artifacts): Promise<ArtifactFile[]> {
  const written: ArtifactFile[] = [];
  for (const name of ARTIFACT_NAMES) {
    await rm(join(outputFolder, name), { recursive: true, force: true });
    for (const [path, content] of artifacts[name]) {
      written.push(await writeOne(outputFolder, `${name}/${path}`, content));
    }
  }
  return written;
}

async function writeOne(outputFolder: string, path: string, content: Buffer): Promise<ArtifactFile> {
  const target = join(outputFolder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  return { path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}
