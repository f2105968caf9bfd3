import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/release/canonical-json.ts';
import { isSame } from '../../shared/release/same.ts';

const value = () => fc.jsonValue({ noUnicodeString: true, maxDepth: 3 });

test('two values are the same exactly when their canonical JSON is', () => {
  fc.assert(
    fc.property(value(), value(), (left, right) => {
      expect(isSame(left, right)).toBe(canonicalJson(left) === canonicalJson(right));
      expect(isSame(left, JSON.parse(canonicalJson(left)))).toBe(true);
    }),
  );
});

test.each([
  [{ a: 1 }, { a: 2 }],
  [{ a: 1 }, { b: 1 }],
  [{ a: 1 }, { a: 1, b: null }],
  [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  [
    [1, 2],
    [2, 1],
  ],
  [[1], [1, 2]],
  [[], {}],
  [['a'], { 0: 'a' }],
  [{}, null],
  [null, 0],
  ['1', 1],
])('%j is not %j', (left, right) => {
  expect(isSame(left, right)).toBe(false);
  expect(isSame(right, left)).toBe(false);
});
