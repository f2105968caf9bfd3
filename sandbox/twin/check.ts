import type { z } from 'zod';

/** What checking a value against its shape found. */
export type Checked<T> = Readable<T> | Unreadable;

interface Readable<T> {
  ok: true;
  value: T;
  /** Fields that the shape does not declare; they are left out of `value`. */
  undeclared: string[];
}

interface Unreadable {
  ok: false;
  undeclared: string[];
  /** Fields that are missing or have another type, and why. */
  wrong: string[];
}

/** Reads a value by its shape. Undeclared fields alone do not make it unusable. */
export function check<Shape extends z.ZodType>(shape: Shape, value: unknown): Checked<z.infer<Shape>> {
  const result = shape.safeParse(value);
  if (result.success) return { ok: true, value: result.data, undeclared: [] };
  const paths = result.error.issues.flatMap(undeclaredFields);
  const undeclared = paths.map(join);
  const rest = paths.length > 0 ? shape.safeParse(without(value, paths)) : result;
  if (rest.success) return { ok: true, value: rest.data, undeclared };
  return { ok: false, undeclared, wrong: rest.error.issues.map(describe) };
}

type Path = readonly PropertyKey[];

function undeclaredFields(issue: z.core.$ZodIssue): Path[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [];
}

function describe(issue: z.core.$ZodIssue): string {
  return `${join(issue.path) || 'body'}: ${issue.message}`;
}

function join(path: Path): string {
  return path.map(String).join('.');
}

/** A copy of the value without the fields at these paths. */
function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0 || typeof value !== 'object' || value === null) return value;
  const below = (key: string) =>
    paths.filter((path) => String(path[0]) === key && path.length > 1).map((path) => path.slice(1));
  if (Array.isArray(value)) return value.map((item, index) => without(item, below(String(index))));
  const kept = Object.entries(value).filter(
    ([key]) => !paths.some((path) => path.length === 1 && path[0] === key),
  );
  return Object.fromEntries(kept.map(([key, item]) => [key, without(item, below(key))]));
}
