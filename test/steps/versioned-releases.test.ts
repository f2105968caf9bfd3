import { describe, expect, test } from '@jest/globals';
import type { Figures } from './versioned/history.ts';
import { playHistory } from './versioned/history.ts';

const DEPLOYMENTS = 20;
const SEEDS = [1, 2, 3, 4, 5];
/** More than it takes, for a machine that is busy with other things. */
const TIMEOUT_IN_MS = 60_000;

describe('whatever is deployed, rolled back and interrupted while people start, repair and cancel runs', () => {
  const played: Figures[] = [];

  test.each(SEEDS)(
    'no run loads of two releases or misses a source, storage stays bounded, a name stands for one content (seed %i)',
    async (seed) => {
      const figures = await playHistory(seed, DEPLOYMENTS - 1);
      played.push(figures);
      expect(figures.violations).toEqual([]);
    },
    TIMEOUT_IN_MS,
  );

  test('the sample has met everything: failures, refusals, rollbacks, repairs, removals and things in use', () => {
    const sum = (name: Exclude<keyof Figures, 'violations'>) =>
      played.reduce((total, figures) => total + figures[name], 0);
    expect(sum('deployments')).toBe(DEPLOYMENTS * SEEDS.length);
    for (const name of ['failed', 'refused', 'rollbacks', 'removed', 'kept'] as const)
      expect([name, sum(name)]).not.toEqual([name, 0]);
    expect(sum('attempts')).toBeGreaterThan(sum('runs'));
    expect(sum('loads')).toBeGreaterThan(1_000);
  });

  test('the same seed plays the same history', async () => {
    const [one, two] = [await playHistory(6, 5), await playHistory(6, 5)];
    expect(two).toEqual(one);
  });
});
