import type { TableClient } from '@azure/data-tables';
import { odata } from '@azure/data-tables';
import type { ContentStore } from '../engine/ports.ts';
import { NewerSchema, UnreadableInput } from '../errors.ts';
import { callStorage, isMissing } from './storage-errors.ts';
import type { KeyRange } from './table-keys.ts';

/** The table, and where documents go that a row cannot hold. */
export interface Tables {
  readonly client: TableClient;
  readonly content: ContentStore;
}

/** A row as it comes from the table. */
export type StoredRow = Readonly<Record<string, unknown>>;

/** Shape of the rows themselves. What a document says of its own shape is the reader's business. */
export const ROW_SCHEMA = 1;

/** A property takes 32,768 characters; a margin is kept. */
const PIECE_IN_CHARACTERS = 30_000;

/** Ten pieces, 600 kB of the row's 1 MiB, so that a run and its event still fit one transaction of 4 MiB. */
const LARGEST_IN_ROW_IN_CHARACTERS = 300_000;

/** A document as properties of its row: its JSON in pieces or, when it is large, the digest of a blob that holds it. */
export async function documentIn(
  { content }: Tables,
  value: unknown,
): Promise<Record<string, string | number>> {
  const text = JSON.stringify(value);
  if (text.length > LARGEST_IN_ROW_IN_CHARACTERS) {
    return { schema: ROW_SCHEMA, digest: await content.put(text) };
  }
  const pieces = inPieces(text).map((piece, index) => [`json${index}`, piece] as const);
  return { schema: ROW_SCHEMA, ...Object.fromEntries(pieces) };
}

/**
 * The document of a row.
 * @throws NewerSchema when a newer version of Slipway wrote the row.
 * @throws UnreadableInput when the row holds no document.
 */
export async function documentOf({ content }: Tables, row: StoredRow): Promise<unknown> {
  const { rowKey, schema, digest } = row;
  if (typeof schema !== 'number') throw new UnreadableInput(`row ${String(rowKey)} has no schema`);
  if (schema > ROW_SCHEMA) {
    throw new NewerSchema(`row ${String(rowKey)} has schema ${schema}; this version knows ${ROW_SCHEMA}`);
  }
  const text = typeof digest === 'string' ? decode(await content.get(digest)) : piecesOf(row);
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableInput(`row ${String(rowKey)} does not hold JSON`);
  }
}

/** A document whose shape Slipway itself has written. */
export async function ownDocumentOf<Shape extends object>(tables: Tables, row: StoredRow): Promise<Shape> {
  const value = await documentOf(tables, row);
  if (typeof value === 'object' && value !== null) return value as Shape;
  throw new UnreadableInput(`row ${String(row.rowKey)} does not hold an object`);
}

/** Rows are cut between characters, never inside a surrogate pair, which would not survive as UTF-8. */
function inPieces(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = start + PIECE_IN_CHARACTERS;
    const cutsPair = end < text.length && (text.codePointAt(end - 1) ?? 0) > 0xffff;
    pieces.push(text.slice(start, cutsPair ? end - 1 : end));
    start = cutsPair ? end - 1 : end;
  }
  return pieces;
}

function piecesOf(row: StoredRow): string {
  let text = '';
  for (let index = 0; ; index += 1) {
    const piece = row[`json${index}`];
    if (typeof piece !== 'string') return text;
    text += piece;
  }
}

function decode(content: Uint8Array): string {
  return new TextDecoder().decode(content);
}

/** The version mark of a row. */
export function tagOf(row: StoredRow): string {
  if (typeof row.etag === 'string') return row.etag;
  throw new UnreadableInput(`row ${String(row.rowKey)} came without a tag`);
}

/** One row by its keys; null when there is none. */
export async function readRow(
  { client }: Tables,
  partitionKey: string,
  rowKey: string,
): Promise<StoredRow | null> {
  try {
    return await callStorage('read a row', (abortSignal) =>
      client.getEntity<Record<string, unknown>>(partitionKey, rowKey, { abortSignal }),
    );
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** What to read of a partition. */
export interface RowQuery {
  readonly partitionKey: string;
  readonly range: KeyRange;
  /** A further OData condition on rows in the range. */
  readonly where?: string;
  /** Names of properties; all when left out. */
  readonly select?: readonly string[];
  readonly most?: number;
}

const LARGEST_PAGE = 1_000;

/** Rows in the order of their keys. A page may be short or empty and still not be the last. */
export function queryRows({ client }: Tables, query: RowQuery): Promise<StoredRow[]> {
  const { partitionKey, range, where, select, most = Number.POSITIVE_INFINITY } = query;
  const keys = odata`PartitionKey eq ${partitionKey} and RowKey ge ${range.from} and RowKey lt ${range.to}`;
  const queryOptions = {
    filter: where === undefined ? keys : `${keys} and (${where})`,
    ...(select === undefined ? {} : { select: [...select] }),
  };
  return callStorage('query rows', async (abortSignal) => {
    const rows: StoredRow[] = [];
    const entities = client.listEntities<Record<string, unknown>>({ queryOptions, abortSignal });
    const maxPageSize = Math.max(1, Math.min(most, LARGEST_PAGE));
    for await (const page of entities.byPage({ maxPageSize })) {
      rows.push(...page);
      if (rows.length >= most) break;
    }
    return rows.slice(0, most);
  });
}
