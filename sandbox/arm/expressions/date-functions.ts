import type { ExpressionContext } from './context.ts';
import type { FunctionTable } from './function-types.ts';
import { asNumber, asText, ExpressionError, type Value } from './value.ts';

/** Dates, and the two functions that give another value each time; those stand only in default values of parameters. */
export const dateFunctions: FunctionTable = {
  utcNow: ([pattern = "yyyyMMdd'T'HHmmss'Z'"], context) =>
    formatDate(momentOf(context, 'utcNow').now, asText(pattern)),
  newGuid: (_args, context) => momentOf(context, 'newGuid').newGuid(),
  dateTimeAdd: ([base, duration, pattern = 'yyyy-MM-ddTHH:mm:ssZ']) =>
    formatDate(addDuration(dateOf(base), asText(duration)), asText(pattern)),
  dateTimeToEpoch: ([date]) => Math.floor(dateOf(date).getTime() / 1000),
  dateTimeFromEpoch: ([seconds]) => formatDate(new Date(asNumber(seconds) * 1000), 'yyyy-MM-ddTHH:mm:ssZ'),
};

function momentOf({ moment }: ExpressionContext, name: string) {
  if (!moment)
    throw new ExpressionError(
      `The template function '${name}' is not expected at this location: it can be used only in the default value of a parameter.`,
    );
  return moment;
}

function formatDate(date: Date, pattern: string): string {
  const iso = date.toISOString();
  const parts: Record<string, string> = {
    yyyy: iso.slice(0, 4),
    MM: iso.slice(5, 7),
    dd: iso.slice(8, 10),
    HH: iso.slice(11, 13),
    mm: iso.slice(14, 16),
    ss: iso.slice(17, 19),
    fff: iso.slice(20, 23),
  };
  if (pattern === 'u') return iso.slice(0, 19).replace('T', ' ') + 'Z';
  const expanded = pattern === 'd' ? 'MM/dd/yyyy' : pattern;
  return expanded.replace(
    /'([^']*)'|yyyy|MM|dd|HH|mm|ss|fff/g,
    (found, quoted?: string) => quoted ?? parts[found] ?? found,
  );
}

function dateOf(value: Value | undefined): Date {
  const text = asText(value).replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z');
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new ExpressionError(`'${asText(value)}' is not a valid date.`);
  return date;
}

const DURATION = /^(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** Adds an ISO 8601 duration. */
function addDuration(date: Date, duration: string): Date {
  const found = DURATION.exec(duration);
  if (!found) throw new ExpressionError(`'${duration}' is not a valid ISO 8601 duration.`);
  const sign = found[1] === '-' ? -1 : 1;
  const part = (index: number) => sign * Number(found[index] ?? 0);
  const result = new Date(date);
  result.setUTCFullYear(result.getUTCFullYear() + part(2), result.getUTCMonth() + part(3));
  result.setUTCDate(result.getUTCDate() + part(4));
  result.setUTCHours(result.getUTCHours() + part(5), result.getUTCMinutes() + part(6));
  result.setUTCSeconds(result.getUTCSeconds() + part(7));
  return result;
}
