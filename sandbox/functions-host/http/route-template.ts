/** One parsed ASP.NET route template. */
export interface RouteTemplate {
  /** As written, with the route prefix. */
  text: string;
  segments: Segment[];
  /** @returns the route values of a path (decoded), or undefined when the path is another's */
  match(path: string): Record<string, string> | undefined;
}

/** What decides which of two templates is tried first. */
interface Segment {
  /** Lower case text of a segment that starts with text; undefined when it starts with a parameter. */
  literal: string | undefined;
  constraints: number;
}

interface Parameter {
  name: string;
  isCatchAll: boolean;
  isOptional: boolean;
  defaultValue: string | undefined;
  constraints: Constraint[];
}

type Constraint = (value: string) => boolean;

const parameterPattern = /\{([^{}]+)\}/g;

/**
 * Parses a template: text, `{name}`, `{name?}`, `{name=default}`, `{name:constraint}`, `{*rest}`, and mixes of text
 * and parameters within a segment. Matching ignores case.
 *
 * @throws Error for a constraint that is not known or a parameter that occurs twice
 */
export function parseRouteTemplate(text: string): RouteTemplate {
  const parameters: Parameter[] = [];
  const segments = text.split('/').filter((segment) => segment !== '');
  const source = segments.map((segment) => segmentSource(segment, parameters)).join('');
  const names = parameters.map(({ name }) => name.toLowerCase());
  if (new Set(names).size < names.length) throw new Error(`The route '${text}' has a parameter twice.`);
  const pattern = new RegExp(`^${source}/?$`, 'i');
  return {
    text,
    segments: segments.map(describeSegment),
    match: (path) => matchPath(pattern, parameters, path),
  };
}

/** Every parameter becomes one group, in the order of `parameters`. */
function segmentSource(segment: string, parameters: Parameter[]): string {
  const whole = /^\{([^{}]+)\}$/.exec(segment)?.[1];
  if (whole !== undefined) {
    const parameter = readParameter(whole);
    parameters.push(parameter);
    if (parameter.isCatchAll) return '(?:/(.*))?';
    return parameter.isOptional || parameter.defaultValue !== undefined ? '(?:/([^/]+))?' : '/([^/]+)';
  }
  let source = '/';
  let end = 0;
  for (const match of segment.matchAll(parameterPattern)) {
    parameters.push(readParameter(match[1] ?? ''));
    source += `${escapeText(segment.slice(end, match.index))}([^/]+?)`;
    end = match.index + match[0].length;
  }
  return source + escapeText(segment.slice(end));
}

function readParameter(text: string): Parameter {
  const [, stars = '', name = '', rest = '', defaultValue, optional] =
    /^(\*{0,2})([^:=?]+)((?::[^:=?(]+(?:\([^)]*\))?)*)(?:=(.*?))?(\?)?$/.exec(text) ?? [];
  if (name === '') throw new Error(`'{${text}}' is not a route parameter.`);
  return {
    name,
    isCatchAll: stars !== '',
    isOptional: optional !== undefined,
    defaultValue,
    constraints: [...rest.matchAll(/:([^:(]+)(?:\(([^)]*)\))?/g)].map(([, kind = '', value = '']) =>
      constraint(kind, value),
    ),
  };
}

function constraint(kind: string, value: string): Constraint {
  const [low = 0, high = low] = value.split(',').map(Number);
  const known: Record<string, Constraint> = {
    int: (text) => /^-?\d{1,10}$/.test(text),
    long: (text) => /^-?\d{1,19}$/.test(text),
    alpha: (text) => /^[a-z]*$/i.test(text),
    bool: (text) => /^(true|false)$/i.test(text),
    guid: (text) => /^\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?$/i.test(text),
    length: (text) => text.length >= low && text.length <= high,
    minlength: (text) => text.length >= low,
    maxlength: (text) => text.length <= low,
    min: (text) => Number(text) >= low,
    max: (text) => Number(text) <= low,
    range: (text) => Number(text) >= low && Number(text) <= high,
    required: (text) => text !== '',
  };
  const found = known[kind.trim().toLowerCase()];
  if (!found) throw new Error(`The route constraint '${kind}' is not known here.`);
  return found;
}

function matchPath(
  pattern: RegExp,
  parameters: Parameter[],
  path: string,
): Record<string, string> | undefined {
  const match = pattern.exec(path);
  if (!match) return undefined;
  const values: Record<string, string> = {};
  for (const [index, parameter] of parameters.entries()) {
    const found = match[index + 1];
    const value = found === undefined ? parameter.defaultValue : decode(found, parameter.isCatchAll);
    if (value === undefined) continue;
    if (!parameter.constraints.every((allows) => allows(value))) return undefined;
    values[parameter.name] = value;
  }
  return values;
}

/** A catch-all keeps encoded slashes: its value is a path. */
function decode(text: string, isPath: boolean): string {
  const decodePart = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return isPath
    ? text
        .split(/(%2f)/i)
        .map((part) => (/^%2f$/i.test(part) ? part : decodePart(part)))
        .join('')
    : decodePart(text);
}

function describeSegment(segment: string): Segment {
  const first = /^\{([^{}]+)\}/.exec(segment)?.[1];
  if (first === undefined) return { literal: (segment.split('{')[0] ?? '').toLowerCase(), constraints: 0 };
  return { literal: undefined, constraints: readParameter(first).constraints.length };
}

function escapeText(text: string): string {
  return encodeURI(text).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * The real host's order: text before parameters, more constraints first, longer templates first.
 *
 * @returns negative when the first template is tried first
 */
export function compareTemplates(first: RouteTemplate, second: RouteTemplate): number {
  for (const [index, one] of first.segments.entries()) {
    const other = second.segments[index];
    if (!other) return -1;
    if ((one.literal === undefined) !== (other.literal === undefined))
      return one.literal === undefined ? 1 : -1;
    const order =
      one.literal === undefined
        ? other.constraints - one.constraints
        : one.literal.localeCompare(other.literal ?? '', 'en');
    if (order !== 0) return order;
  }
  return first.segments.length < second.segments.length ? 1 : 0;
}
