import { describe, expect, test } from '@jest/globals';
import { MUTANTS } from './sweep/mutants.ts';
import { readFaults, readOptions } from './sweep/options.ts';
import { pairs, randomFaults, singles } from './sweep/schedules.ts';
import { sweep } from './sweep/sweep.ts';

/** The whole of a sweep, in this process. */
function sweepAll(...args: string[]) {
  return sweep(readOptions(args), { part: 0, parts: 1 });
}

describe('every invariant holds', () => {
  test.each(['off', 'on'])(
    'with every single fault at every call, timer %s',
    async (timer) => {
      const { histories, findings } = await sweepAll('--singles', '--timer', timer);
      expect(findings).toEqual([]);
      expect(histories).toBeGreaterThan(1_500);
    },
    60_000,
  );

  test.each(['random', 'small', 'large'])(
    'with random faults and deeds on a %s pipeline',
    async (pipeline) => {
      const { histories, findings } = await sweepAll(
        '--random',
        '200',
        '--seed',
        '20261123',
        '--pipeline',
        pipeline,
      );
      expect(findings).toEqual([]);
      expect(histories).toBe(200);
    },
    60_000,
  );
});

describe('the sweep', () => {
  test('finds what a mutant does wrong, and says how to play it again', async () => {
    const [finding] = (
      await sweepAll('--singles', '--timer', 'off', '--mutant', 'lock-kept-on-failure', '--only', '1:slow')
    ).findings;
    expect(finding).toBeUndefined();
    const { findings } = await sweepAll(
      '--singles',
      '--timer',
      'off',
      '--mutant',
      'no-look-again',
      '--only',
      '38:crash-after',
    );
    expect(findings[0]?.violations.join()).toContain('I1');
    expect(findings[0]?.replay).toBe(
      "npm run sweep -- --singles --only '38:crash-after' --pipeline small --timer off --mutant no-look-again",
    );
  });

  test('plays the same histories from the same seed', () => {
    expect(randomFaults(7, 3, 200)).toEqual(randomFaults(7, 3, 200));
    expect(randomFaults(7, 3, 200)).not.toEqual(randomFaults(8, 3, 200));
  });

  test('shares the histories out without losing one', async () => {
    const options = readOptions(['--random', '40', '--pipeline', 'small']);
    const shares = await Promise.all([0, 1].map((part) => sweep(options, { part, parts: 2 })));
    expect(shares.reduce((sum, { histories }) => sum + histories, 0)).toBe(40);
  });

  test('tries only faults that mean something at a call', () => {
    const call = { number: 3, invocation: '', at: 0 };
    const kinds = (name: 'store.commit' | 'bus.send' | 'outside') =>
      singles([{ ...call, name }]).map(([fault]) => fault?.kind);
    expect(kinds('store.commit')).toContain('conflict');
    expect(kinds('bus.send')).toContain('duplicate');
    expect(kinds('outside')).not.toContain('duplicate');
  });

  test('pairs a fault with those that come soon after it', () => {
    const all = pairs([{ number: 3, name: 'outside', invocation: '', at: 0 }]);
    expect(new Set(all.map(([, second]) => (second?.call ?? 0) - 3))).toEqual(
      new Set(Array.from({ length: 12 }, (_, index) => index + 1)),
    );
  });
});

describe('the command line', () => {
  test.each([
    [['--random', 'many'], '--random takes a whole number, not "many"'],
    [['--singles', '--timer', 'maybe'], '--timer takes on, off or both, not "maybe"'],
    [['--singles', '--pipeline', 'random'], '--pipeline takes small or large'],
    [[], 'say what to sweep'],
    [['--sinlges'], 'Unknown option'],
  ])('%p is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  test('names faults as they are reported', () => {
    expect(readFaults('3:crash-after,9:delay')).toEqual([
      { call: 3, kind: 'crash-after' },
      { call: 9, kind: 'delay' },
    ]);
    expect(() => readFaults('3:meteor')).toThrow('not a fault: "3:meteor"');
  });

  test('names each mutant once', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });
});
