import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { editDistance } from '../../shared/project/edit-distance.ts';
import { namesIn, substitute } from '../../shared/project/substitute.ts';
import { readWeekly } from '../../shared/project/weekly-freeze.ts';

const NAMES = new Map([
  ['size', 'small'],
  ['outputs.id', '/subscriptions/1'],
  ['tricky', `\${size} $& $1`],
]);

describe('names in text values', () => {
  test('are filled in wherever they stand, and never in keys', () => {
    const value = { '${size}': [`a \${size}-\${outputs.id}`, 7, null, { deep: `\${size}\${size}` }] };
    expect(substitute(value, NAMES)).toEqual({
      value: { '${size}': ['a small-/subscriptions/1', 7, null, { deep: 'smallsmall' }] },
      missing: [],
    });
  });

  test('a value is put in as it is: what looks like a name in it is none', () => {
    expect(substitute(`\${tricky}`, NAMES).value).toBe(`\${size} $& $1`);
  });

  test('a doubled dollar keeps the form as text, and {{…}} of Databricks passes through', () => {
    expect(substitute(`$\${size} {{secrets/a/b}} $size`, NAMES)).toEqual({
      value: `\${size} {{secrets/a/b}} $size`,
      missing: [],
    });
  });

  test('those without a value are listed once, sorted, and left as they stand', () => {
    const value = [`\${b}`, `\${a} \${b} \${size}`, `\${}`];
    expect(substitute(value, NAMES)).toEqual({
      value: [`\${b}`, `\${a} \${b} small`, `\${}`],
      missing: ['', 'a', 'b'],
    });
    expect(namesIn(value)).toEqual(['', 'a', 'b', 'size']);
  });

  test('a value without names comes out as it went in, whatever it is', () => {
    const withoutNames = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('$'));
    fc.assert(fc.property(withoutNames, (value) => expect(substitute(value, NAMES).value).toEqual(value)));
  });
});

describe('a weekly freeze', () => {
  test.each([
    ['mon 00:00 - tue 00:00', { from: 0, to: 1440 }],
    ['fri 17:00 - mon 07:00', { from: 4 * 1440 + 1020, to: 420 }],
    [' SUN 9:05 - sun 23:59 ', { from: 6 * 1440 + 545, to: 6 * 1440 + 1439 }],
  ])('%s', (text, expected) => {
    expect(readWeekly(text)).toEqual(expected);
  });

  test.each(['friday', 'fri 24:00 - mon 07:00', 'fri 10:60 - mon 07:00', 'fri 10:00 - fri 10:00', ''])(
    'not "%s"',
    (text) => {
      expect(readWeekly(text)).toBeNull();
    },
  );
});

test.each([
  ['', '', 0],
  ['branches', 'brnaches', 2],
  ['Key', 'key', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
])('from "%s" to "%s" it is %i letters', (from, to, distance) => {
  expect(editDistance(from, to)).toBe(distance);
  expect(editDistance(to, from)).toBe(distance);
});
