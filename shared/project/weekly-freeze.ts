import type { WeeklyFreeze } from '../release/pipeline.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const FORM =
  /^(mon|tue|wed|thu|fri|sat|sun) (\d{1,2}):(\d{2}) - (mon|tue|wed|thu|fri|sat|sun) (\d{1,2}):(\d{2})$/;

/** Reads `fri 17:00 - mon 07:00` (UTC) into minutes of the week; null when it does not have that form. */
export function readWeekly(text: string): Pick<WeeklyFreeze, 'from' | 'to'> | null {
  const match = FORM.exec(text.trim().toLowerCase());
  if (match === null) return null;
  const from = minuteOf(match[1], match[2], match[3]);
  const to = minuteOf(match[4], match[5], match[6]);
  return from === null || to === null || from === to ? null : { from, to };
}

function minuteOf(
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
): number | null {
  const hours = Number(hour);
  const minutes = Number(minute);
  if (hours > 23 || minutes > 59) return null;
  return DAYS.indexOf(day ?? '') * 24 * 60 + hours * 60 + minutes;
}
