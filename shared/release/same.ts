// Looked up once: they are wanted for every part of everything that is compared.
const { keys } = Object;
const { isArray } = Array;

/** Whether two values that JSON can hold are equal. Cheap where both hold the very same parts, as copies do. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (!isObject(left) || !isObject(right) || isArray(left) !== isArray(right)) return false;
  const names = keys(left);
  if (names.length !== keys(right).length) return false;
  for (const name of names) {
    if (left[name] !== right[name] && !isSame(left[name], right[name])) return false;
  }
  return true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
