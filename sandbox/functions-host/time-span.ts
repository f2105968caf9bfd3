const pattern = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/;

/**
 * Reads a .NET time span, `[d.]hh:mm[:ss[.fffffff]]`, as host.json has it.
 *
 * @returns milliseconds, or undefined when it is something else
 */
export function parseTimeSpan(value: unknown): number | undefined {
  const match = typeof value === 'string' ? pattern.exec(value) : null;
  if (!match) return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const wholeSeconds = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return wholeSeconds * 1000 + Number(`0.${fraction}`) * 1000;
}

/** @throws Error that names the setting */
export function readTimeSpan(value: unknown, name: string): number {
  const spanInMs = parseTimeSpan(value);
  if (spanInMs === undefined)
    throw new Error(`host.json: ${name} must be a time span like 00:02:00, not ${String(value)}.`);
  return spanInMs;
}
