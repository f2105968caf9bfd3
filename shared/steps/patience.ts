import type { Clock } from '../engine/ports.ts';

const TRIES = 5;
const PAUSE_IN_MS = 1_000;

/**
 * Asks again, a few seconds long, for what was made a moment ago: Databricks may not see it everywhere at once.
 * @returns the first answer that is good, or the last one.
 */
export async function withPatience<Answer>(
  clock: Clock,
  ask: () => Promise<Answer>,
  isGood: (answer: Answer) => boolean,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask();
    if (isGood(answer) || tries === TRIES) return answer;
    await clock.sleep(PAUSE_IN_MS);
  }
}
