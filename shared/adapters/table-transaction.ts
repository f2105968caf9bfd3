import type { TransactionAction } from '@azure/data-tables';
import { callStorage, codeOf, isMissing, statusOf } from './storage-errors.ts';
import type { Row } from './table-limits.ts';
import { checkTransaction, MOST_OPERATIONS } from './table-limits.ts';
import type { Tables } from './table-rows.ts';

/**
 * One operation of a transaction.
 * - `insert`: conflict when the row exists; `replace`: conflict when it no longer has the tag
 * - `put`: whatever was there; `remove`: the row need not be there
 */
export type Operation =
  | { readonly kind: 'insert' | 'put' | 'remove'; readonly row: Row }
  | { readonly kind: 'replace'; readonly row: Row; readonly tag: string };

/**
 * Writes all rows or none.
 * @returns the new tag of each operation's row, in their order, or `conflict` when a row was not as expected. A try
 * of the SDK whose answer was lost has written; its repetition is a conflict then, and reading tells.
 * @throws UnreadableInput when it is too much for one transaction.
 */
export async function writeTogether(
  tables: Tables,
  operations: readonly Operation[],
): Promise<readonly (string | undefined)[] | 'conflict'> {
  checkTransaction(operations.map(({ row }) => row));
  try {
    return await submit(tables, operations);
  } catch (error) {
    const kept = operations.filter(({ kind }) => kind !== 'remove');
    // Somebody removed by hand what is to be removed here: nothing else may depend on that.
    if (isMissing(error) && kept.length < operations.length) return writeTogether(tables, kept);
    if (isConflict(error)) return 'conflict';
    throw error;
  }
}

/** The new tag of one operation's row. Without it the next write of the row would not be guarded. */
export function tagAt(written: readonly (string | undefined)[], index: number): string {
  const tag = written[index];
  if (tag === undefined) throw new Error('the table answered a transaction without a tag');
  return tag;
}

/** Removes rows of one partition; rows that are gone already are no error. */
export async function removeRows(tables: Tables, rows: readonly Row[]): Promise<void> {
  for (let start = 0; start < rows.length; start += MOST_OPERATIONS) {
    await removeTogether(tables, rows.slice(start, start + MOST_OPERATIONS));
  }
}

/** A transaction fails as a whole when one of its rows is gone: then each row is removed by itself. */
async function removeTogether(tables: Tables, rows: readonly Row[]): Promise<void> {
  if (rows.length > 1) {
    try {
      await submit(
        tables,
        rows.map((row) => ({ kind: 'remove', row })),
      );
      return;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  await Promise.all(rows.map((row) => removeRow(tables, row)));
}

async function removeRow({ client }: Tables, { partitionKey, rowKey }: Row): Promise<void> {
  try {
    await callStorage('remove a row', (abortSignal) =>
      client.deleteEntity(partitionKey, rowKey, { abortSignal }),
    );
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function submit({ client }: Tables, operations: readonly Operation[]): Promise<(string | undefined)[]> {
  return callStorage('write a transition', async (abortSignal) => {
    const { subResponses } = await client.submitTransaction(operations.map(toAction), { abortSignal });
    // Answers are told apart by their place: Azure names the row in the answer to an insert only.
    const failed = subResponses.find(({ status }) => status >= 300);
    if (failed !== undefined || subResponses.length !== operations.length) {
      throw new Error(`a transaction was answered with status ${failed?.status ?? 'missing'}`);
    }
    return subResponses.map(({ etag }) => etag);
  });
}

function toAction(operation: Operation): TransactionAction {
  switch (operation.kind) {
    case 'insert':
      return ['create', operation.row];
    case 'put':
      return ['upsert', operation.row, 'Replace'];
    case 'replace':
      return ['update', operation.row, 'Replace', { etag: operation.tag }];
    case 'remove':
      return ['delete', operation.row];
  }
}

/** The row was there (409), was changed (412) or is gone (404). */
function isConflict(error: unknown): boolean {
  return statusOf(error) === 412 || codeOf(error) === 'EntityAlreadyExists' || isMissing(error);
}
