import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { ZipFile } from 'yazl';
import type { ProjectFiles } from './project-files.ts';
import type { PythonProject } from './pyproject.ts';

/** A built wheel: its file name carries name and version (PEP 427). */
export interface Wheel {
  fileName: string;
  content: Buffer;
}

/** The earliest moment a ZIP can hold. Local time on purpose: ZIP stores wall-clock fields, so every time zone writes the same bytes. */
const ZIP_EPOCH = new Date(1980, 0, 1);
const VERSION = /^\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?$/;

/**
 * Builds a pure-Python wheel (`py3-none-any`) as `python -m build` would lay it out: the modules,
 * METADATA, WHEEL, entry_points.txt, top_level.txt and a RECORD with the digest of each (PEP 376, 427, 566).
 * Same inputs, same bytes: members are sorted, stored uncompressed and carry a fixed time.
 * Throws when the version is not a plain PEP 440 version.
 */
export async function buildWheel(options: {
  project: PythonProject;
  version: string;
  modules: ProjectFiles;
}): Promise<Wheel> {
  const { project, version, modules } = options;
  if (!VERSION.test(version)) throw new Error(`'${version}' is not a plain PEP 440 version`);
  // PEP 427: a hyphen separates the parts of the file name, so it cannot be in one.
  const distribution = project.name.toLowerCase().replace(/[-_.]+/g, '_');
  const infoFolder = `${distribution}-${version}.dist-info`;
  const members = new Map(modules);
  for (const [name, text] of metadataFiles(project, version, modules)) {
    members.set(`${infoFolder}/${name}`, Buffer.from(text));
  }
  members.set(`${infoFolder}/RECORD`, Buffer.from(record(members, `${infoFolder}/RECORD`)));
  return { fileName: `${distribution}-${version}-py3-none-any.whl`, content: await zip(members) };
}

/** The content of a RECORD: path, SHA-256 as unpadded base64url, size. RECORD cannot state its own digest. */
export function record(members: ProjectFiles, ownPath: string): string {
  const lines = [...members].map(([path, content]) => {
    const digest = createHash('sha256').update(content).digest('base64url');
    return `${quoted(path)},sha256=${digest},${content.length}`;
  });
  return `${[...lines, `${ownPath},,`].join('\n')}\n`;
}

function metadataFiles(project: PythonProject, version: string, modules: ProjectFiles): Map<string, string> {
  const packages = new Set([...modules.keys()].map((path) => path.split('/')[0] ?? path));
  const scripts = [...project.scripts].map(([name, target]) => `${name} = ${target}\n`).sort();
  return new Map([
    ['METADATA', metadata(project, version)],
    ['WHEEL', 'Wheel-Version: 1.0\nGenerator: slipway\nRoot-Is-Purelib: true\nTag: py3-none-any\n'],
    ['entry_points.txt', `[console_scripts]\n${scripts.join('')}`],
    ['top_level.txt', `${[...packages].sort().join('\n')}\n`],
  ]);
}

function metadata(project: PythonProject, version: string): string {
  return [
    'Metadata-Version: 2.1',
    `Name: ${project.name}`,
    `Version: ${version}`,
    `Summary: ${project.description}`,
    `Requires-Python: ${project.requiresPython}`,
    '',
  ].join('\n');
}

function quoted(path: string): string {
  return /[",]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
}

async function zip(members: ProjectFiles): Promise<Buffer> {
  const file = new ZipFile();
  for (const [path, content] of members) {
    // Uncompressed: another zlib would write other bytes. DOS times: the extended ones hold the time zone.
    file.addBuffer(content, path, {
      mtime: ZIP_EPOCH,
      forceDosTimestamp: true,
      compress: false,
      mode: 0o100644,
    });
  }
  file.end();
  const chunks: Buffer[] = [];
  file.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(file.outputStream, 'end');
  return Buffer.concat(chunks);
}
