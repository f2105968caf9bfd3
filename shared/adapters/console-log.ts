import type { Log, LogFields } from '../engine/ports.ts';
import { redact } from '../errors.ts';

export type LogLevel = 'info' | 'warn' | 'error';

/** Takes finished lines: the console, or the `context` of an invocation. */
export type LogSink = Readonly<Record<LogLevel, (line: string) => void>>;

export interface LogOptions {
  /** `json` for machines: one object a line. `text` for people, the default. */
  readonly form?: 'json' | 'text';
  /** Fields of every line; a line's own win. */
  readonly about?: LogFields;
}

/** A log over a sink. What looks like a secret is taken out. */
export function consoleLog(sink: LogSink, { form = 'text', about = {} }: LogOptions = {}): Log {
  const write = (level: LogLevel) => (text: string, fields: LogFields) => {
    const all = cleaned({ ...about, ...fields });
    const clean = redact(text);
    sink[level](form === 'json' ? JSON.stringify({ level, text: clean, ...all }) : asText(clean, all));
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** Before a line is made of it, since JSON's own quotes could hide or be taken for the end of a secret. */
function cleaned(fields: LogFields): LogFields {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value]),
  );
}

function asText(text: string, fields: LogFields): string {
  const named = Object.entries(fields).filter(([, value]) => value !== null && value !== '');
  if (named.length === 0) return text;
  return `${text} (${named.map(([name, value]) => `${name} ${value}`).join(', ')})`;
}
