/** A JSON Schema, read by name: as much of it as the schema of service-hook events uses. */
type Schema = Record<string, unknown>;

/** Reads a schema file; the function it answers says what is wrong with a value, one line each. */
export function readJsonSchema(text: string): (value: unknown) => string[] {
  const root: Schema = Object(JSON.parse(text));
  const problems = (its: Schema, value: unknown, at: string): string[] => {
    if (typeof its.$ref === 'string') {
      const name = its.$ref.split('/').at(-1) ?? '';
      return problems(part(part(root, '$defs'), name), value, at);
    }
    return [...ownProblems(its, value, at), ...innerProblems(its, value, at), ...combined(its, value, at)];
  };
  const innerProblems = (its: Schema, value: unknown, at: string): string[] => {
    if (Array.isArray(value))
      return value.flatMap((item, index) => problems(part(its, 'items'), item, `${at}.${index}`));
    if (typeof value !== 'object' || value === null) return [];
    const missing = list(its.required).filter((name) => !(String(name) in value));
    const inner = Object.entries(value).flatMap(([name, field]) =>
      problems(part(part(its, 'properties'), name), field, `${at}.${name}`),
    );
    return [...missing.map((name) => `${at}.${name}: missing`), ...inner];
  };
  const combined = (its: Schema, value: unknown, at: string): string[] => {
    const holds = (one: Schema) => problems(one, value, at).length === 0;
    const fitting = 'oneOf' in its ? list(its.oneOf).map(Object).filter(holds).length : 1;
    return [
      ...list(its.allOf).flatMap((one) => problems(Object(one), value, at)),
      ...(fitting === 1 ? [] : [`${at}: ${fitting} alternatives fit`]),
      ...('if' in its && holds(part(its, 'if')) ? problems(part(its, 'then'), value, at) : []),
    ];
  };
  return (value) => problems(root, value, 'event');
}

function ownProblems(its: Schema, value: unknown, at: string): string[] {
  const types = 'type' in its ? list(its.type) : [];
  const isTyped = types.length === 0 || types.some((type) => hasType(value, type));
  const isKnown = !('enum' in its) || list(its.enum).includes(value);
  const isAlike = typeof its.pattern !== 'string' || new RegExp(its.pattern).test(String(value));
  return [
    ...(isTyped ? [] : [`${at}: not ${types.join(' or ')}`]),
    ...(!('const' in its) || its.const === value ? [] : [`${at}: not ${its.const}`]),
    ...(isKnown ? [] : [`${at}: not one of ${list(its.enum).join(', ')}`]),
    ...(isAlike ? [] : [`${at}: not like ${its.pattern}`]),
  ];
}

function hasType(value: unknown, type: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** The schema below a name; an empty one where there is none. */
function part(its: Schema, name: string): Schema {
  return Object(its[name]);
}

/** One or several values; none where there is nothing. */
function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}
