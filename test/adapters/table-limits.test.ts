import { describe, expect, test } from '@jest/globals';
import { checkRow, checkTransaction, type Row } from '../../shared/adapters/table-limits.ts';
import { UnreadableInput } from '../../shared/errors.ts';

function row(properties: Record<string, string | number>): Row {
  return { partitionKey: 'project', rowKey: 'row', ...properties };
}

function strings(count: number, characters: number): Record<string, string> {
  const text = 'x'.repeat(characters);
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`text${index}`, text]));
}

describe('limits that Azurite does not hold to', () => {
  test('a row has at most 252 properties', () => {
    expect(() => checkRow(row(strings(252, 1)))).not.toThrow();
    expect(() => checkRow(row(strings(253, 1)))).toThrow(UnreadableInput);
    expect(() => checkRow(row(strings(253, 1)))).toThrow(/253 properties/);
  });

  test('a property has at most 64 KiB', () => {
    expect(() => checkRow(row({ text: 'x'.repeat(32_768) }))).not.toThrow();
    expect(() => checkRow(row({ text: 'x'.repeat(32_769) }))).toThrow(/text .* 64 KiB/);
  });

  test('a row has at most 1 MiB, two bytes a character', () => {
    expect(() => checkRow(row(strings(17, 30_000)))).not.toThrow();
    expect(() => checkRow(row(strings(18, 30_000)))).toThrow(/1 MiB/);
  });

  test('a transaction has at most 100 rows', () => {
    const rows = (count: number) => Array.from({ length: count }, () => row({ number: 1 }));

    expect(() => checkTransaction(rows(100))).not.toThrow();
    expect(() => checkTransaction(rows(101))).toThrow(/101 rows/);
  });

  test('a transaction has at most 4 MiB as it is sent', () => {
    const ascii = Array.from({ length: 7 }, () => row(strings(16, 30_000)));
    const quotes = ascii.map(() => row({ ...strings(15, 30_000), text15: '"'.repeat(30_000) }));

    expect(() => checkTransaction(ascii)).not.toThrow();
    expect(() => checkTransaction([...ascii, ...ascii])).toThrow(/4 MiB/);
    expect(() => checkTransaction([...quotes, ...quotes.slice(0, 1)])).not.toThrow();
    expect(() => checkTransaction([...quotes, ...quotes.slice(0, 2)])).toThrow(/4 MiB/);
  });

  test('one row that is too large makes the transaction too large', () => {
    expect(() => checkTransaction([row({}), row(strings(18, 30_000))])).toThrow(/1 MiB/);
  });
});
