import { Cron } from 'croner';
import { parseTimeSpan } from '../time-span.ts';

/** When a timer runs. */
export interface Schedule {
  /** The first time after the given one, both in milliseconds since 1970; undefined when there is none. */
  next(afterInMs: number): number | undefined;
  /** True where two runs may be less than a minute apart: the host keeps no status of such timers. */
  isFrequent: boolean;
}

const field = /^[\d*,/-]+$/;
const monthNames = /\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b/gi;
const dayNames = /\b(sun|mon|tue|wed|thu|fri|sat)\b/gi;

/**
 * Reads an NCRONTAB expression, `{second} {minute} {hour} {day} {month} {day-of-week}` in UTC, or without the seconds.
 * Day and day-of-week must BOTH fit, unlike in classic cron. Days of the week are 0 (Sunday) to 6, never 7. A time
 * span (`00:05:00`) runs at that interval.
 *
 * @throws Error when the host would refuse the expression
 */
export function parseSchedule(expression: string): Schedule {
  const intervalInMs = parseTimeSpan(expression.trim());
  if (intervalInMs !== undefined && intervalInMs > 0) {
    return { next: (afterInMs) => afterInMs + intervalInMs, isFrequent: intervalInMs < 60_000 };
  }
  const pattern = checkedPattern(expression);
  const cron = new Cron(pattern, { timezone: 'UTC', domAndDow: true, mode: '6-part', sloppyRanges: true });
  const next = (afterInMs: number) => cron.nextRun(new Date(afterInMs))?.getTime();
  return { next, isFrequent: isFrequent(next) };
}

function checkedPattern(expression: string): string {
  const fields = expression.trim().split(/\s+/);
  const six = fields.length === 5 ? ['0', ...fields] : fields;
  const [month = '', dayOfWeek = ''] = six.slice(4);
  const numeric = [...six.slice(0, 4), month.replace(monthNames, '1'), dayOfWeek.replace(dayNames, '1')];
  const hasSunday7 = dayOfWeek.split('/')[0]?.includes('7') ?? false;
  if (six.length !== 6 || hasSunday7 || !numeric.every((text) => field.test(text))) {
    throw new Error(
      `The schedule expression '${expression}' was not recognized as a valid cron expression or timespan string.`,
    );
  }
  return six.join(' ');
}

function isFrequent(next: Schedule['next']): boolean {
  const first = next(0);
  const second = first === undefined ? undefined : next(first);
  return first !== undefined && second !== undefined && second - first < 60_000;
}
