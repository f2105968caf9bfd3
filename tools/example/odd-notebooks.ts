import type { SeededRandom } from './random.ts';

/** A file of the `databricks-notebooks` artifact. */
export interface NotebookFile {
  path: string;
  content: Buffer;
}

interface Kind {
  extension: string;
  /** Whether Databricks makes a notebook of it (and drops the extension) or keeps it a file. */
  isNotebook: boolean;
  text(body: string): string;
}

const BYTE_ORDER_MARK = '\uFEFF';

const KINDS: readonly Kind[] = [
  source('py', '#', (body) => `print("${body}")`),
  source('sql', '--', (body) => `SELECT '${body}'`),
  source('r', '#', (body) => `print("${body}")`),
  source('scala', '//', (body) => `println("${body}")`),
  { extension: 'ipynb', isNotebook: true, text: jupyter },
  plain('py', (body) => `"""No notebook header: ${body}"""\n`),
  plain('csv', (body) => `id,name\n1,${body}\n`),
  plain('json', (body) => `${JSON.stringify({ body })}\n`),
  plain('md', (body) => `# ${body}\n`),
  plain('txt', () => ''),
];

const STEMS = [
  'load',
  'Load Bays',
  'v1.2.final',
  'Überblick',
  '分析',
  'naïve café',
  '.hidden',
  '_private',
  "it's",
  'a+b & c',
];
const STEMS_OF_ODD_SIGNS = [
  '100% [draft]',
  'emoji 🚗',
  'hash#tag',
  'semi;colon',
  'very ' + 'long '.repeat(20) + 'name',
];
const FOLDERS = [
  'bronze',
  'silver',
  'gold',
  'Team A',
  'größe',
  '2026.03',
  'deep',
  'データ',
  '_drafts',
  'a b',
];
const DEEPEST = 12;

/** `count` files of all kinds with odd names in odd folders; no two end at the same workspace path. */
export function oddNotebooks(count: number, random: SeededRandom): NotebookFile[] {
  const kinds = Array.from(
    { length: count },
    (_, index) => KINDS[index % KINDS.length] ?? random.pick(KINDS),
  );
  return kinds.map((kind, index) => {
    const stem = random.pick([...STEMS, ...STEMS_OF_ODD_SIGNS]);
    // The number keeps workspace paths apart: `a.py` and `a.sql` would both become `a`.
    const path = `${oddFolder(random)}${stem} ${index}.${kind.extension}`;
    return { path, content: Buffer.from(withOddLineEnds(kind.text(`item ${index}`), random)) };
  });
}

/** A Python notebook of exactly `size` bytes, at `path`. */
export function notebookOfSize(path: string, size: number): NotebookFile {
  const content = Buffer.alloc(size, '# padding padding padding padding padding padding padding paddin\n');
  content.write('# Databricks notebook source\n');
  return { path, content };
}

/** Two notebooks that Databricks would put at the same path, since it drops their extensions. */
export function collidingNotebooks(): NotebookFile[] {
  return ['py', 'sql'].map((extension) => {
    const kind = KINDS.find((candidate) => candidate.isNotebook && candidate.extension === extension);
    return { path: `collision/report.${extension}`, content: Buffer.from(kind?.text('collision') ?? '') };
  });
}

function oddFolder(random: SeededRandom): string {
  const depth = random.below(10) === 0 ? DEEPEST : random.below(4);
  return Array.from({ length: depth }, () => `${random.pick(FOLDERS)}/`).join('');
}

function withOddLineEnds(text: string, random: SeededRandom): string {
  const oddity = random.below(20);
  if (oddity === 0) return text.replaceAll('\n', '\r\n');
  return oddity === 1 && text !== '' ? BYTE_ORDER_MARK + text : text;
}

function source(extension: string, comment: string, cell: (body: string) => string): Kind {
  const text = (body: string) =>
    [
      `${comment} Databricks notebook source`,
      cell(body),
      '',
      `${comment} COMMAND ----------`,
      '',
      cell(body),
      '',
    ].join('\n');
  return { extension, isNotebook: true, text };
}

function plain(extension: string, text: (body: string) => string): Kind {
  return { extension, isNotebook: false, text };
}

function jupyter(body: string): string {
  const cell = {
    cell_type: 'code',
    execution_count: null,
    id: 'cell-1',
    metadata: {},
    outputs: [],
    source: [`print("${body}")`],
  };
  const metadata = { language_info: { name: 'python' } };
  return `${JSON.stringify({ cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}
