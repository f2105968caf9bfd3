import type { Entry } from 'yauzl';

/** What an archive may hold at most. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Inflated bytes of one file, and of all files. */
  readonly bytesOfEntry: number;
  readonly bytes: number;
  /** A file of up to this size may be packed as well as it likes: a notebook of equal lines is no bomb. */
  readonly bytesOfAnyRatio: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 20_000,
  bytesOfEntry: 256 * 1024 * 1024,
  bytes: 512 * 1024 * 1024,
  bytesOfAnyRatio: 16 * 1024 * 1024,
};

/** Text and notebooks shrink by far less; what shrinks more was made to burst. */
const LARGEST_RATIO = 100;
/** Bytes of an entry's local header without its name. */
const LOCAL_HEADER_IN_BYTES = 30;

const FILE_TYPES = 0o170000;
const REGULAR_FILE = 0o100000;
const FOLDER = 0o040000;

/** Letters of all scripts, digits, marks and signs; no control characters and no backslash. */
const ALLOWED = /^(?!.*\\)[\p{L}\p{M}\p{N}\p{P}\p{S} /]+$/u;
/** Signs of patterns and shells, which no file of Windows can have in its name. */
const AMBIGUOUS = /[:*?"<>|]/;
const DRIVE = /^[A-Za-z]:/;
/** A dot, slash, backslash or nothing in the form that some services decode once more. */
const HIDDEN = /%(2e|2f|5c|00)/i;

/** Folders in an archive are entries whose name ends with a slash. */
export function isFolder({ fileName }: Entry): boolean {
  return fileName.endsWith('/');
}

/**
 * Says what is wrong with the archive as its directory declares it: nothing has been inflated yet.
 * @param size of the whole archive in bytes.
 * @returns one clause a problem, with the entry's name; empty when it may be unpacked.
 */
export function archiveProblems(entries: readonly Entry[], size: number, limits: ArchiveLimits): string[] {
  const files = entries.filter((entry) => !isFolder(entry));
  const inflated = files.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  const stored = entries.reduce((sum, entry) => sum + storedSize(entry), 0);
  const problems: string[] = [];
  if (inflated > limits.bytes) problems.push(`it holds ${inflated} bytes, more than ${limits.bytes}`);
  if (stored > size) problems.push('its entries overlap');
  for (const entry of entries) {
    const problem = entryProblem(entry, limits);
    if (problem !== null) problems.push(`${shown(entry.fileName)} ${problem}`);
  }
  return [...problems, ...collisions(entries.map(({ fileName }) => fileName))];
}

function storedSize({ compressedSize, fileNameRaw }: Entry): number {
  return compressedSize + LOCAL_HEADER_IN_BYTES + fileNameRaw.length;
}

function entryProblem(entry: Entry, limits: ArchiveLimits): string | null {
  const { uncompressedSize, compressedSize, generalPurposeBitFlag, compressionMethod } = entry;
  if ((generalPurposeBitFlag & 1) !== 0) return 'is encrypted';
  if (compressionMethod !== 0 && compressionMethod !== 8) return 'is packed in an unknown way';
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPES;
  if (type !== 0 && type !== REGULAR_FILE && type !== FOLDER) return 'is a link or a device, not a file';
  if (uncompressedSize > limits.bytesOfEntry) return `is larger than ${limits.bytesOfEntry} bytes`;
  if (uncompressedSize > limits.bytesOfAnyRatio && uncompressedSize > compressedSize * LARGEST_RATIO)
    return `is packed more than ${LARGEST_RATIO} times smaller`;
  return nameProblem(entry.fileName);
}

/**
 * Why a path must not come out of an archive, or null. A path is judged by its compatibility form too, since another
 * system may turn look-alikes (a full-width dot) into what they look like.
 */
export function nameProblem(fileName: string): string | null {
  const path = fileName.replace(/\/$/, '');
  if (AMBIGUOUS.test(path)) return 'has a character in its name that is not allowed (one of :*?"<>|)';
  for (const form of [path, path.normalize('NFKC')]) {
    if (!ALLOWED.test(form) || HIDDEN.test(form)) return 'has a character in its name that is not allowed';
    if (DRIVE.test(form)) return 'has an absolute path or an empty folder name';
    for (const segment of form.split('/')) {
      if (segment === '') return 'has an absolute path or an empty folder name';
      if (segment === '.' || segment === '..') return 'leads out of its folder (. or ..)';
      if (/^ |[ .]$/.test(segment)) return 'has a name that begins with a blank or ends with a blank or dot';
    }
  }
  return null;
}

/** Names that are one on a system that does not tell cases apart, and files that other entries take for a folder. */
function collisions(names: readonly string[]): string[] {
  const files = new Map<string, string>();
  const problems: string[] = [];
  const key = (name: string) => name.normalize('NFKC').toLowerCase();
  for (const name of names.filter((its) => !its.endsWith('/'))) {
    const other = files.get(key(name));
    if (other !== undefined) problems.push(`${shown(name)} and ${shown(other)} have the same name`);
    files.set(key(name), name);
  }
  const folders = new Set(names.flatMap((name) => foldersOf(key(name))));
  for (const [itsKey, name] of files) {
    if (folders.has(itsKey)) problems.push(`${shown(name)} is a file and a folder`);
  }
  return problems;
}

function foldersOf(name: string): string[] {
  const segments = name.split('/').slice(0, -1);
  return segments.map((_segment, index) => segments.slice(0, index + 1).join('/'));
}

/** A name as it may stand in a message: short, and without what a terminal would obey. */
function shown(name: string): string {
  return `"${name.slice(0, 120).replace(/[\p{C}]/gu, '?')}"`;
}
