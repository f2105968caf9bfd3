/** For a message to go through a queue and a function on a busy machine. */
const PATIENCE_IN_MS = 10_000;
const BETWEEN_LOOKS_IN_MS = 25;

/**
 * Looks until there is something to see.
 * @param what for the error, should it never come.
 */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value | null | undefined | false>,
  patienceInMs = PATIENCE_IN_MS,
): Promise<Value> {
  const deadline = Date.now() + patienceInMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_IN_MS));
  }
}
