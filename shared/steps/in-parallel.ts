/** How many at a time, and whether to begin another one. */
export interface Bounds {
  readonly inFlight: number;
  readonly mayGoOn?: () => boolean;
}

/**
 * Works on items in their order, some at a time. An error stops the beginning of further items, lets those under
 * way end, and is thrown then: nothing goes on behind the caller's back.
 * @returns how many items, from the first, were begun and are done.
 */
export async function inParallel<Item>(
  items: readonly Item[],
  { inFlight, mayGoOn = () => true }: Bounds,
  work: (item: Item) => Promise<void>,
): Promise<number> {
  let begun = 0;
  const errors: unknown[] = [];
  const worker = async () => {
    for (let item = items[begun]; item !== undefined; item = items[begun]) {
      if (errors.length > 0 || !mayGoOn()) return;
      begun += 1;
      await work(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  if (errors.length > 0) throw errors[0];
  return begun;
}
