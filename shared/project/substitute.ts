/** A name in `${…}`: a variable, or a dotted one such as `outputs.storageAccountName`. `$${` stands for `${`. */
const REFERENCE = /\$(\$\{)|\$\{([^{}]*)\}/g;

/** A value with its names filled in, and the names that have no value, each once. */
export interface Substituted {
  readonly value: unknown;
  readonly missing: readonly string[];
}

/** Fills the names in all texts of a JSON value; keys stay as they are. A text with a missing name is left unchanged. */
export function substitute(value: unknown, names: ReadonlyMap<string, string>): Substituted {
  const missing = new Set<string>();
  const filled = mapTexts(value, (text) =>
    text.replace(REFERENCE, (whole, escaped: string | undefined, name: string | undefined) => {
      if (escaped !== undefined) return escaped;
      const found = names.get(name ?? '');
      if (found === undefined) missing.add(name ?? '');
      return found ?? whole;
    }),
  );
  return { value: filled, missing: [...missing].sort() };
}

/** The names that a JSON value refers to, each once, sorted. */
export function namesIn(value: unknown): string[] {
  return [...substitute(value, new Map()).missing];
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
}
