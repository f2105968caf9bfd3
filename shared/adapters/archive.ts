import { buffer } from 'node:stream/consumers';
import type { Entry, ZipFile } from 'yauzl';
import { fromBuffer } from 'yauzl';
import type { ArtifactFile } from '../engine/azure-devops-client.ts';
import { messageOf, Refusal } from '../errors.ts';
import type { ArchiveLimits } from './archive-policy.ts';
import { ARCHIVE_LIMITS, archiveProblems, isFolder } from './archive-policy.ts';

const MOST_PROBLEMS_SHOWN = 5;

/**
 * Unpacks a zip archive in memory. All that its directory declares is checked before anything is inflated, and every
 * file must have the size that was declared. Paths come in Unicode's composed form (NFC), sorted.
 * @param name of the artifact, for messages.
 * @throws Refusal when it is no archive, or none that a build would make.
 */
export async function readArchive(
  name: string,
  bytes: Uint8Array,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<readonly ArtifactFile[]> {
  try {
    const zip = await open(bytes);
    if (zip.entryCount > limits.entries)
      throw new Error(`it holds ${zip.entryCount} entries, more than ${limits.entries}`);
    const entries = await entriesOf(zip);
    const problems = archiveProblems(entries, bytes.length, limits);
    if (problems.length > 0) throw new Error(inWords(problems));
    return await inflateAll(zip, entries);
  } catch (error) {
    throw new Refusal(
      `The artifact ${name} cannot be unpacked: ${messageOf(error)}. Nothing of it was stored. Correct the build, then build again.`,
    );
  }
}

function inWords(problems: readonly string[]): string {
  const more = problems.length - MOST_PROBLEMS_SHOWN;
  return problems.slice(0, MOST_PROBLEMS_SHOWN).join('; ') + (more > 0 ? `; and ${more} more problems` : '');
}

function open(bytes: Uint8Array): Promise<ZipFile> {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const options = { lazyEntries: true, strictFileNames: true, validateEntrySizes: true, autoClose: false };
  return new Promise((resolve, reject) => {
    fromBuffer(content, options, (error, zip) => (error === null ? resolve(zip) : reject(error)));
  });
}

function entriesOf(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

async function inflateAll(zip: ZipFile, entries: readonly Entry[]): Promise<ArtifactFile[]> {
  const files: ArtifactFile[] = [];
  for (const entry of entries) {
    if (!isFolder(entry))
      files.push({ path: entry.fileName.normalize('NFC'), bytes: await inflate(zip, entry) });
  }
  return files.sort((left, right) => (left.path < right.path ? -1 : 1));
}

function inflate(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      buffer(stream).then(resolve, reject);
    });
  });
}
