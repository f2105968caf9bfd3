import { createHash } from 'node:crypto';
import type { FunctionTable } from './function-types.ts';
import {
  asArray,
  asNumber,
  asText,
  ExpressionError,
  isObject,
  textOf,
  toValue,
  type Value,
} from './value.ts';

/** Namespace of the version 5 UUIDs that `guid` makes. */
const GUID_NAMESPACE = '11fb06fb712d4ddd98c7e71bbd588830';

/** Functions on text. */
export const textFunctions: FunctionTable = {
  base64: ([text]) => Buffer.from(asText(text)).toString('base64'),
  base64ToString: ([text]) => decode(text),
  base64ToJson: ([text]) => readJson(decode(text)),
  endsWith: ([text, end]) => asText(text).toLowerCase().endsWith(asText(end).toLowerCase()),
  format: ([pattern, ...values]) => format(asText(pattern), values),
  guid: (texts) => guid(texts.map((text) => asText(text))),
  indexOf: ([where, what]) =>
    Array.isArray(where)
      ? where.indexOf(what ?? null)
      : asText(where).toLowerCase().indexOf(asText(what).toLowerCase()),
  join: ([items, separator]) => asArray(items).map(textOf).join(asText(separator)),
  json: ([text]) => readJson(asText(text)),
  lastIndexOf: ([where, what]) => asText(where).toLowerCase().lastIndexOf(asText(what).toLowerCase()),
  padLeft: ([text, length, filler = ' ']) => textOf(text).padStart(asNumber(length), asText(filler)),
  replace: ([text, from, to]) => asText(text).replaceAll(asText(from), asText(to)),
  split: ([text, separators]) => split(asText(text), [separators ?? ''].flat()),
  startsWith: ([text, start]) => asText(text).toLowerCase().startsWith(asText(start).toLowerCase()),
  string: ([value]) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : textOf(value)),
  substring: ([text, start, length]) => substring(asText(text), asNumber(start), length),
  toLower: ([text]) => asText(text).toLowerCase(),
  toUpper: ([text]) => asText(text).toUpperCase(),
  trim: ([text]) => asText(text).trim(),
  uniqueString: (texts) => uniqueString(texts.map((text) => asText(text))),
  uri: ([base, relative]) => new URL(asText(relative), asText(base)).href,
  uriComponent: ([text]) => encodeURIComponent(asText(text)),
  uriComponentToString: ([text]) => decodeURIComponent(asText(text)),
};

function decode(text: Value | undefined): string {
  return Buffer.from(asText(text), 'base64').toString('utf8');
}

function readJson(text: string): Value {
  try {
    return toValue(JSON.parse(text));
  } catch {
    throw new ExpressionError(`The template language function 'json' parameter is not valid: '${text}'.`);
  }
}

/** `{0}` stands for the first value; an integer may be padded: `{0:D3}`. */
function format(pattern: string, values: readonly Value[]): string {
  return pattern.replace(/\{\{|\}\}|\{(\d+)(?::[dD](\d+))?\}/g, (whole, index?: string, digits?: string) => {
    if (index === undefined) return whole.slice(1);
    const value = values[Number(index)];
    if (value === undefined) throw new ExpressionError(`The format '${pattern}' has no argument ${index}.`);
    return isObject(value) ? JSON.stringify(value) : textOf(value).padStart(Number(digits ?? 0), '0');
  });
}

function split(text: string, separators: readonly Value[]): string[] {
  return separators.reduce<string[]>(
    (parts, separator) => parts.flatMap((part) => part.split(asText(separator))),
    [text],
  );
}

function substring(text: string, start: number, length: Value | undefined): string {
  const end = length === undefined ? text.length : start + asNumber(length);
  if (start < 0 || end > text.length)
    throw new ExpressionError(
      "The template language function 'substring' parameters are out of range: index and length must refer to a location within the string.",
    );
  return text.slice(start, end);
}

/** A version 5 UUID (RFC 9562) of the texts. */
function guid(texts: readonly string[]): string {
  const namespace = Buffer.from(GUID_NAMESPACE, 'hex');
  const hash = createHash('sha1').update(namespace).update(texts.join('-')).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';

/** 13 characters, the same for the same texts; Azure's own hash is not published, so the characters differ. */
function uniqueString(texts: readonly string[]): string {
  const hash = createHash('sha256').update(texts.join('-')).digest();
  return [...hash.subarray(0, 13)].map((byte) => DIGITS[byte % 32]).join('');
}
