import type { z } from 'zod';
import type { importObject } from './contract/workspace-table.ts';
import { refusal } from './errors.ts';
import { fromJupyter, hasHeader, languageOf, withHeader, withoutExtension } from './notebook-source.ts';
import type { Language } from './state.ts';
import type { NewObject } from './workspace-tree.ts';

/** The most that one import may hold, decoded. */
export const MAX_IMPORT_BYTES = 10 * 1024 * 1024;

type Body = z.infer<typeof importObject.body>;

/** Decodes the content of an import; refuses what is no base64 and what is too large. */
export function decodeContent(content: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]*={0,2}\s*$/.test(content)) {
    throw refusal('INVALID_PARAMETER_VALUE', 'The content is not base64-encoded.');
  }
  return limited(Buffer.from(content, 'base64'));
}

/** Refuses content over the limit of one import. */
export function limited(content: Uint8Array): Uint8Array {
  if (content.length <= MAX_IMPORT_BYTES) return content;
  throw refusal(
    'MAX_NOTEBOOK_SIZE_EXCEEDED',
    `File size imported is (${content.length} bytes), exceeded max size (${MAX_IMPORT_BYTES} bytes)`,
  );
}

/** Whether content is a zip archive, which `SOURCE` without a language imports as a folder. */
export function isArchive(content: Uint8Array): boolean {
  return Buffer.from(content.subarray(0, 4)).toString('latin1') === 'PK\u0003\u0004';
}

/** What one import makes of its content. Formats are those of the documentation; DBC is not mirrored. */
export function interpret(
  path: string,
  content: Uint8Array,
  body: Pick<Body, 'format' | 'language'>,
): NewObject {
  switch (body.format ?? 'SOURCE') {
    case 'RAW':
      return { path, type: 'FILE', content };
    case 'AUTO':
      return automatic(path, content);
    case 'JUPYTER':
      return jupyter(path, content);
    case 'HTML':
    case 'R_MARKDOWN':
      return notebook(path, body.format === 'HTML' ? 'PYTHON' : 'R', textOf(content));
    case 'DBC':
      throw refusal('BAD_REQUEST', 'The DBC format is not mirrored by this twin.');
    case 'SOURCE':
      return source(path, content, body.language);
  }
}

/** A notebook header or the ending .ipynb makes a notebook, and its extension is dropped; all else is a file. */
export function automatic(path: string, content: Uint8Array): NewObject {
  if (/\.ipynb$/i.test(path)) return jupyter(withoutExtension(path), content);
  const language = languageOf(path);
  const text = textOf(content);
  if (!language || !hasHeader(text, language)) return { path, type: 'FILE', content };
  return notebook(withoutExtension(path), language, text);
}

function source(path: string, content: Uint8Array, language: Language | undefined): NewObject {
  if (!language)
    throw refusal('INVALID_PARAMETER_VALUE', 'Language is required for importing a single file as SOURCE.');
  return notebook(path, language, textOf(content));
}

function jupyter(path: string, content: Uint8Array): NewObject {
  const read = fromJupyter(textOf(content));
  if (!read) throw refusal('INVALID_PARAMETER_VALUE', `The content of (${path}) is not a Jupyter notebook.`);
  return notebook(path, read.language, read.source);
}

function notebook(path: string, language: Language, text: string): NewObject {
  return { path, type: 'NOTEBOOK', language, content: Buffer.from(withHeader(text, language)) };
}

function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString('utf8');
}
