const pattern = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

const second = 1000;
const day = 86_400 * second;
// Years and months have no fixed length; these are the ones the .NET runtime uses for them.
const unitsInMs = [365 * day, 30 * day, day, 3600 * second, 60 * second, second];

/** Reads an ISO 8601 duration of whole numbers, such as `P1DT30M`; undefined when it is none. */
export function durationInMs(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null || text.endsWith('P') || text.endsWith('T')) return undefined;
  return unitsInMs.reduce((sum, unitInMs, index) => sum + unitInMs * Number(match[index + 1] ?? 0), 0);
}
