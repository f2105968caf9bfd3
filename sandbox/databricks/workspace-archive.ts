import { buffer } from 'node:stream/consumers';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import { fromJupyter, languageOf, withHeader, withoutExtension } from './notebook-source.ts';
import { parentOf } from './workspace-path.ts';
import { makeFolders, type NewObject, putObject } from './workspace-tree.ts';

/**
 * Imports a zip archive as a folder that must not exist yet. Sources become notebooks without extension,
 * other files stay files; folders below are made on the way. An archive inside the archive is refused.
 */
export async function importArchive(
  context: DatabricksContext,
  path: string,
  content: Uint8Array,
): Promise<void> {
  if (context.state.objects.has(path))
    throw refusal('RESOURCE_ALREADY_EXISTS', `Path (${path}) already exists.`);
  const files = await readArchive(content);
  makeFolders(context, path);
  for (const [name, bytes] of files) {
    const object = objectOf(`${path}/${name}`, bytes);
    makeFolders(context, parentOf(object.path));
    putObject(context, object, false);
  }
}

function objectOf(path: string, content: Uint8Array): NewObject {
  const text = Buffer.from(content).toString('utf8');
  const language = languageOf(path);
  const jupyter = path.toLowerCase().endsWith('.ipynb') ? fromJupyter(text) : undefined;
  const notebook = jupyter ?? (language && { language, source: withHeader(text, language) });
  if (!notebook) return { path, type: 'FILE', content };
  const { language: its, source } = notebook;
  return { path: withoutExtension(path), type: 'NOTEBOOK', language: its, content: Buffer.from(source) };
}

async function readArchive(content: Uint8Array): Promise<Map<string, Uint8Array>> {
  try {
    return await entriesOf(Buffer.from(content));
  } catch (error) {
    throw refusal('INVALID_PARAMETER_VALUE', `The archive cannot be read: ${String(error)}`);
  }
}

function entriesOf(content: Buffer): Promise<Map<string, Uint8Array>> {
  return new Promise((resolve, reject) => {
    fromBuffer(content, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      const files = new Map<string, Uint8Array>();
      zip.on('error', reject);
      zip.on('end', () => resolve(files));
      zip.on('entry', (entry: Entry) => readEntry(zip, entry, files).then(() => zip.readEntry(), reject));
      zip.readEntry();
    });
  });
}

async function readEntry(zip: ZipFile, entry: Entry, files: Map<string, Uint8Array>): Promise<void> {
  if (entry.fileName.endsWith('/')) return;
  if (/\.(zip|dbc)$/i.test(entry.fileName)) throw new Error('archives inside an archive are not supported');
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) =>
      error ? reject(error) : buffer(stream).then(resolve, reject),
    );
  });
  files.set(entry.fileName, bytes);
}
