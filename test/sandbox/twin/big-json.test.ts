import { describe, expect, test } from '@jest/globals';
import { parseJson, stringifyJson } from '../../../sandbox/twin/big-json.ts';
import { decodeState, encodeState } from '../../../sandbox/twin/state-json.ts';

describe('JSON with 64-bit integers', () => {
  test('an integer beyond 2^53 is read as bigint and written as a number', () => {
    const text = '{"id":9007199254740993,"list":[-9223372036854775808, 12],"x":1.5e3}';
    const value = parseJson(text);
    expect(value).toEqual({ id: 9007199254740993n, list: [-9223372036854775808n, 12], x: 1500 });
    expect(stringifyJson(value)).toBe('{"id":9007199254740993,"list":[-9223372036854775808,12],"x":1500}');
  });

  test('a long integer that a number can hold stays a number', () => {
    expect(parseJson('[9007199254740991]')).toEqual([9007199254740991]);
  });

  test('digits inside text and fractions are left alone', () => {
    const text =
      '{"a":"x: 12345678901234567890 \\" ,9007199254740993","b":[0.1234567890123456],"c":9007199254740993}';
    expect(parseJson(text)).toEqual({
      a: 'x: 12345678901234567890 " ,9007199254740993',
      b: [0.1234567890123456],
      c: 9007199254740993n,
    });
  });

  test('text that is not JSON is refused', () => {
    expect(() => parseJson('{"a":9007199254740993')).toThrow(SyntaxError);
  });
});

test('a state survives as text with its maps, sets, bytes and big integers', () => {
  const state = {
    files: new Map([['a', { content: new Uint8Array([0, 255]), id: 9007199254740993n }]]),
    seen: new Set(['x']),
    buffer: Buffer.from('text'),
    plain: { list: [1, null, 'x'] },
  };
  const copy = decodeState(encodeState(state));
  expect(copy).toEqual({ ...state, buffer: new Uint8Array(Buffer.from('text')) });
});
