import { readFileSync } from 'node:fs';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { isRecord, numberOf, objectOf } from './json.ts';

/** App settings by name: what a function app has as environment variables. */
export type AppSettings = Record<string, string>;

export interface LocalSettings {
  settings: AppSettings;
  /** `Host.LocalHttpPort`. */
  port: number | undefined;
}

/**
 * Reads a local.settings.json the way Core Tools does: `Values` become app settings, `ConnectionStrings` become
 * settings named `ConnectionStrings:NAME`; comments are allowed; a variable that the environment already has wins.
 *
 * @throws Error when the file is no JSON object, is encrypted, or has a value that is not text
 */
export function readLocalSettings(
  file: string,
  environment: Record<string, string | undefined>,
): LocalSettings {
  const errors: ParseError[] = [];
  const content: unknown = parse(readFileSync(file, 'utf8'), errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) throw new Error(`${file}: ${printParseErrorCode(error.error)} at offset ${error.offset}.`);
  if (!isRecord(content)) throw new Error(`${file} must hold a JSON object.`);
  if (content.IsEncrypted === true)
    throw new Error(`${file} is encrypted; run "func settings decrypt" first.`);
  const connections = Object.entries(objectOf(content.ConnectionStrings)).map(
    ([name, value]) =>
      [`ConnectionStrings:${name}`, isRecord(value) ? value.ConnectionString : value] as const,
  );
  const settings: AppSettings = {};
  for (const [name, value] of [...Object.entries(objectOf(content.Values)), ...connections]) {
    if (typeof value !== 'string') throw new Error(`${file}: the value of ${name} must be text.`);
    if (environment[name] === undefined) settings[name] = value;
  }
  return { settings, port: numberOf(objectOf(content.Host).LocalHttpPort) };
}

/**
 * Replaces `%NAME%` by the app setting of that name, as in queue names, schedules and routes.
 *
 * @throws Error that names the setting that is missing
 */
export function resolveSettings(text: string, settings: Record<string, string | undefined>): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new Error(`'%${name}%' does not resolve to a value.`);
    return value;
  });
}
