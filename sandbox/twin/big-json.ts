/**
 * JSON with 64-bit integers: services send ids as JSON numbers that a JavaScript number cannot hold.
 * Integers outside the safe range are read as `bigint`, and every `bigint` is written as a plain number.
 */

const MARK = '\u0000int:';
const LONG_INTEGER = /-?\d{16,}(?![\d.eE])/y;

/** Reads JSON; throws `SyntaxError` when it is none. */
export function parseJson(text: string): unknown {
  if (!/[:[,\s]-?\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(markLongIntegers(text), (_key, value) => unmark(value));
}

/** Writes JSON; properties that are `undefined` are left out, as `JSON.stringify` does. */
export function stringifyJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? MARK + item : item));
  return text.replace(/"\\u0000int:(-?\d+)"/g, '$1');
}

function unmark(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
  const integer = BigInt(value.slice(MARK.length));
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

/** Puts long integers in marked quotes; jumps over strings, where digits are only text. */
function markLongIntegers(text: string): string {
  let marked = '';
  let at = 0;
  while (at < text.length) {
    const end = text[at] === '"' ? endOfString(text, at) : endOfGap(text, at);
    const piece = text.slice(at, end);
    marked += text[at] === '"' ? piece : piece.replace(/-?\d[\d.eE+-]*/g, markNumber);
    at = end;
  }
  return marked;
}

function markNumber(number: string): string {
  LONG_INTEGER.lastIndex = 0;
  return LONG_INTEGER.test(number) ? JSON.stringify(MARK + number) : number;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function endOfGap(text: string, start: number): number {
  const quote = text.indexOf('"', start);
  return quote < 0 ? text.length : quote;
}
