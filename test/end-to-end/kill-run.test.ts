import { describe, expect, test } from '@jest/globals';
import { playSite } from '../../tools/kill-run/play-site.ts';
import { withSurroundings } from '../../tools/kill-run/surroundings.ts';
import { violationsOf } from '../../tools/kill-run/violations-of.ts';

/** As many calls as any run makes here, so that their number alone is no violation. */
const MANY_CALLS = 1_000;

describe('a release whose host is killed in the middle', () => {
  test(
    'ends well, and what would not be well is seen',
    () =>
      withSurroundings(async (on) => {
        const site = { project: 'killed', call: 60, when: 'after' } as const;
        expect(await playSite(on, 'killed', site)).toMatchObject({ wasKilled: true, leftOver: [] });
        expect(await violationsOf(on, 'killed', MANY_CALLS)).toEqual([]);

        const { log } = on;
        const started = log.effects.filter(({ action }) => action === 'start');
        log.effects.push(...started.slice(0, 1));
        log.targets.set('killed/production/wheel-a', 'something else');
        log.records.splice(0, log.records.length);
        const found = await violationsOf(on, 'killed', 10);
        for (const invariant of ['I3', 'I4', 'I9', 'I10'])
          expect(found.some((line) => line.startsWith(`${invariant} `))).toBe(true);
      }),
    120_000,
  );
});
