import { buffer } from 'node:stream/consumers';
import type { Entry, ZipFile } from 'yauzl';
import { fromBuffer } from 'yauzl';

/** What a wheel says that it is. */
export interface WheelName {
  readonly distribution: string;
  readonly version: string;
}

/** distribution-version(-build)-python-abi-platform.whl, as the specification of binary distributions has it. */
const FILE_NAME = /^([A-Za-z0-9][A-Za-z0-9._]*)-([A-Za-z0-9_.!+]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/;
const METADATA = /^[^/]+\.dist-info\/METADATA$/;
const MOST_METADATA_BYTES = 1024 * 1024;

/** Reads the name of a wheel file; null when it is no name that pip would take. */
export function readWheelName(fileName: string): WheelName | null {
  const [, distribution, version] = FILE_NAME.exec(fileName) ?? [];
  return distribution === undefined || version === undefined ? null : { distribution, version };
}

/** Why pip would not install this file under its name, as the end of a sentence; null when it would. */
export async function wheelProblem(fileName: string, content: Uint8Array): Promise<string | null> {
  const name = readWheelName(fileName);
  if (name === null) return 'has no name of a wheel (package-version-python-abi-platform.whl)';
  const metadata = await readMetadata(Buffer.from(content)).catch(() => 'broken' as const);
  if (metadata === 'broken') return 'is no zip archive, which a wheel must be';
  if (metadata === null) return 'has no METADATA in its .dist-info folder';
  const [packageName, version] = ['Name', 'Version'].map((field) => fieldOf(metadata, field));
  if (normalized(packageName ?? '') === normalized(name.distribution) && version === name.version)
    return null;
  return `says in its METADATA that it is ${packageName} ${version}`;
}

/** The text of METADATA; null when the archive has none. */
function readMetadata(content: Buffer): Promise<string | null> {
  return new Promise((resolve, reject) => {
    fromBuffer(content, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on('error', reject);
      zip.on('end', () => resolve(null));
      zip.on('entry', (entry: Entry) => {
        if (!METADATA.test(entry.fileName)) return zip.readEntry();
        readText(zip, entry).then(resolve, reject);
      });
      zip.readEntry();
    });
  });
}

function readText(zip: ZipFile, entry: Entry): Promise<string> {
  return new Promise((resolve, reject) => {
    if (entry.uncompressedSize > MOST_METADATA_BYTES) return reject(new Error('METADATA is too large'));
    zip.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      buffer(stream).then((bytes) => resolve(bytes.toString('utf8')), reject);
    });
  });
}

/** A header field, as in mail. */
function fieldOf(metadata: string, field: string): string {
  const headers = metadata.split(/\r?\n\r?\n/, 1)[0] ?? '';
  return new RegExp(`^${field}:[ \\t]*(.*?)[ \\t\\r]*$`, 'im').exec(headers)?.[1] ?? '';
}

/** Runs of `-`, `_` and `.` are the same in names of packages, and so are the cases of letters. */
function normalized(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}
