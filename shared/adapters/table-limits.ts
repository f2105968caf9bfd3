import { UnreadableInput } from '../errors.ts';

/** What a row is made of: its two keys and its properties. */
export type Row = { readonly partitionKey: string; readonly rowKey: string } & Readonly<
  Record<string, string | number>
>;

/** Of a transaction. */
export const MOST_OPERATIONS = 100;

/** Azure's limits of Table Storage. Azurite does not hold to the last three, so they are held to here. */
const LONGEST_STRING_IN_CHARACTERS = 32_768;
const MOST_PROPERTIES = 252;
const LARGEST_ROW_IN_BYTES = 1_048_576;
const LARGEST_TRANSACTION_IN_BYTES = 4 * 1_048_576;

/** What a transaction's body spends on an operation besides the row: boundary, address, headers. */
const ENVELOPE_IN_BYTES = 1_000;

/** @throws UnreadableInput when Azure would refuse the rows as one transaction: no other try would go better. */
export function checkTransaction(rows: readonly Row[]): void {
  if (rows.length > MOST_OPERATIONS) {
    throw new UnreadableInput(
      `a transition of ${rows.length} rows is too much for one transaction of ${MOST_OPERATIONS}`,
    );
  }
  for (const row of rows) checkRow(row);
  const sizes = rows.map((row) => Buffer.byteLength(JSON.stringify(row)) + ENVELOPE_IN_BYTES);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= LARGEST_TRANSACTION_IN_BYTES) return;
  throw new UnreadableInput(`a transition of ${total} bytes is too much for one transaction of 4 MiB`);
}

/** @throws UnreadableInput when Azure would refuse the row. */
export function checkRow(row: Row): void {
  const { partitionKey, rowKey, ...properties } = row;
  const entries = Object.entries(properties);
  if (entries.length > MOST_PROPERTIES) {
    throw new UnreadableInput(
      `row ${rowKey} has ${entries.length} properties; ${MOST_PROPERTIES} are allowed`,
    );
  }
  for (const [name, value] of entries) {
    if (typeof value === 'string' && value.length > LONGEST_STRING_IN_CHARACTERS) {
      throw new UnreadableInput(`property ${name} of row ${rowKey} is larger than 64 KiB`);
    }
  }
  const size = 4 + 2 * (partitionKey.length + rowKey.length) + propertiesInBytes(entries);
  if (size > LARGEST_ROW_IN_BYTES) throw new UnreadableInput(`row ${rowKey} is larger than 1 MiB`);
}

/** Azure's own sum: 8 bytes and the name a property; a string is its length, then two bytes a character. */
function propertiesInBytes(entries: readonly (readonly [string, string | number])[]): number {
  const sizes = entries.map(([name, value]) => {
    return 8 + 2 * name.length + (typeof value === 'string' ? 4 + 2 * value.length : 8);
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}
