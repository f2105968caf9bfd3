import { type Token, tokensOf } from './tokens.ts';
import { ExpressionError, type Value } from './value.ts';

/** An expression of the template language. */
export type Expression =
  | { kind: 'literal'; value: Value }
  | { kind: 'call'; name: string; args: Expression[] }
  | { kind: 'member'; of: Expression; name: Expression; safe: boolean };

/** Whether a text of a template is an expression: in brackets, but not in a doubled opening one. */
export function isExpression(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');
}

/** A text that is no expression; a doubled bracket at its start stands for one. */
export function plainText(text: string): string {
  return text.startsWith('[[') ? text.slice(1) : text;
}

const parsed = new Map<string, Expression>();

/** Parses an expression with its brackets; throws `ExpressionError`. Results are remembered, since templates repeat themselves. */
export function parseExpression(source: string): Expression {
  const known = parsed.get(source);
  if (known) return known;
  const reader = createReader(source);
  const expression = readExpression(reader);
  if (reader.peek() !== undefined) throw reader.unexpected();
  if (parsed.size > 10_000) parsed.clear();
  parsed.set(source, expression);
  return expression;
}

interface Reader {
  peek(): string | undefined;
  next(): Token;
  /** Takes this punctuation if it comes next. */
  takes(punctuation: string): boolean;
  expect(punctuation: string): void;
  unexpected(): ExpressionError;
}

function createReader(source: string): Reader {
  const tokens = tokensOf(source.slice(1, -1));
  let at = 0;
  const unexpected = () =>
    new ExpressionError(
      `Unable to parse language expression '${source.slice(1, -1)}': unexpected token '${tokens[at]?.text ?? 'EndOfData'}'.`,
    );
  const peek = () => (tokens[at]?.kind === 'punctuation' ? tokens[at]?.text : tokens[at] && 'operand');
  const takes = (punctuation: string) => {
    const found = peek() === punctuation;
    if (found) at++;
    return found;
  };
  return {
    peek,
    takes,
    unexpected,
    next: () => {
      const token = tokens[at];
      if (!token) throw unexpected();
      at++;
      return token;
    },
    expect: (punctuation) => {
      if (!takes(punctuation)) throw unexpected();
    },
  };
}

function readExpression(reader: Reader): Expression {
  let expression = readOperand(reader);
  for (;;) {
    const punctuation = reader.peek();
    if (reader.takes('.') || reader.takes('.?')) {
      const name: Expression = { kind: 'literal', value: reader.next().text };
      expression = { kind: 'member', of: expression, name, safe: punctuation === '.?' };
    } else if (reader.takes('[') || reader.takes('[?')) {
      const name = readExpression(reader);
      reader.expect(']');
      expression = { kind: 'member', of: expression, name, safe: punctuation === '[?' };
    } else return expression;
  }
}

function readOperand(reader: Reader): Expression {
  if (reader.peek() !== 'operand') throw reader.unexpected();
  const token = reader.next();
  if (token.kind === 'text') return { kind: 'literal', value: token.text };
  if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
  return { kind: 'call', ...readCall(reader, token.text) };
}

/** A call, whose name may have a namespace: `contoso.nameOf(...)`. */
function readCall(reader: Reader, first: string): { name: string; args: Expression[] } {
  let name = first;
  while (reader.takes('.')) name += `.${reader.next().text}`;
  reader.expect('(');
  const args: Expression[] = [];
  if (reader.takes(')')) return { name, args };
  do args.push(readExpression(reader));
  while (reader.takes(','));
  reader.expect(')');
  return { name, args };
}
