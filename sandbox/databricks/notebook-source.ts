import { z } from 'zod';
import type { Language } from './state.ts';

/** Extension and comment sign of each notebook language. */
const LANGUAGES: readonly { language: Language; extension: string; comment: string }[] = [
  { language: 'PYTHON', extension: '.py', comment: '#' },
  { language: 'SQL', extension: '.sql', comment: '--' },
  { language: 'SCALA', extension: '.scala', comment: '//' },
  { language: 'R', extension: '.r', comment: '#' },
];

const HEADER = 'Databricks notebook source';
const CELL = 'COMMAND ----------';

/** A notebook as the workspace keeps it: source text that begins with the header line. */
export interface NotebookSource {
  language: Language;
  source: string;
}

/** The language of a file name, by its extension in any case. */
export function languageOf(path: string): Language | undefined {
  return LANGUAGES.find(({ extension }) => path.toLowerCase().endsWith(extension))?.language;
}

/** The path without its extension, which is how the workspace names a notebook that came with one. */
export function withoutExtension(path: string): string {
  return path.replace(/\.(py|sql|scala|r|ipynb)$/i, '');
}

/** Whether source text of a language begins with the header line that makes it a notebook. */
export function hasHeader(source: string, language: Language): boolean {
  return firstLine(source) === headerOf(language);
}

/** Adds the header line where it is missing: the workspace always gives a notebook back with it. */
export function withHeader(source: string, language: Language): string {
  return hasHeader(source, language) ? source : `${headerOf(language)}\n${source}`;
}

/** The file ending of a notebook's source. */
export function extensionOf(language: Language): string {
  return LANGUAGES.find((one) => one.language === language)?.extension ?? '.py';
}

const jupyter = z.object({
  cells: z.array(z.object({ cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]) })),
  metadata: z.object({ language_info: z.object({ name: z.string() }).optional() }).optional(),
});

/** Reads a Jupyter notebook; `undefined` when the text is none. */
export function fromJupyter(text: string): NotebookSource | undefined {
  const read = jupyter.safeParse(jsonOf(text));
  if (!read.success) return undefined;
  const name = read.data.metadata?.language_info?.name.toUpperCase();
  const language = LANGUAGES.find((one) => one.language === name)?.language ?? 'PYTHON';
  const comment = commentOf(language);
  const cells = read.data.cells.map(({ cell_type, source }) => {
    const lines = Array.isArray(source) ? source.join('') : source;
    return cell_type === 'markdown' ? magic(lines, comment) : lines;
  });
  return { language, source: `${headerOf(language)}\n${cells.join(`\n\n${comment} ${CELL}\n\n`)}` };
}

/** Writes a notebook in Jupyter's format, one cell for each command. */
export function toJupyter({ language, source }: NotebookSource): string {
  const comment = commentOf(language);
  const body = hasHeader(source, language) ? source.slice(source.indexOf('\n') + 1) : source;
  const cells = body.split(`\n\n${comment} ${CELL}\n\n`).map((cell) => ({
    cell_type: 'code',
    metadata: {},
    outputs: [],
    execution_count: null,
    source: cell.split(/(?<=\n)/),
  }));
  return JSON.stringify({
    cells,
    metadata: { language_info: { name: language.toLowerCase() } },
    nbformat: 4,
    nbformat_minor: 0,
  });
}

function magic(text: string, comment: string): string {
  const lines = ['%md', ...text.split('\n')];
  return lines.map((line) => `${comment} MAGIC ${line}`).join('\n');
}

function headerOf(language: Language): string {
  return `${commentOf(language)} ${HEADER}`;
}

function commentOf(language: Language): string {
  return LANGUAGES.find((one) => one.language === language)?.comment ?? '#';
}

function firstLine(text: string): string {
  return (text.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0] ?? '').trimEnd();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
