import { ExpressionError } from './value.ts';

/** A piece of an expression: punctuation, a name, a text or an integer. */
export type Token =
  | { kind: 'punctuation'; text: string }
  | { kind: 'name'; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'number'; text: string };

const PIECE = /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$]*)|(\.\?|\[\?|[()[\].,]))/y;

/** Cuts the inside of an expression into tokens. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  PIECE.lastIndex = 0;
  let end = 0;
  while (source.slice(end).trim() !== '') {
    const found = PIECE.exec(source);
    if (!found)
      throw new ExpressionError(
        `Unable to parse language expression '${source}': unexpected character at position '${end}'.`,
      );
    end = PIECE.lastIndex;
    tokens.push(toToken(found));
  }
  return tokens;
}

function toToken([, text, number, name, punctuation = '']: RegExpExecArray): Token {
  if (text !== undefined) return { kind: 'text', text: text.slice(1, -1).replaceAll("''", "'") };
  if (number !== undefined) return { kind: 'number', text: number };
  return name === undefined ? { kind: 'punctuation', text: punctuation } : { kind: 'name', text: name };
}
