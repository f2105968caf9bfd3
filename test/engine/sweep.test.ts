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
  test('with every second single fault, without the safety net', async () => {
    const options = readOptions(['--singles', '--timer', 'off']);
    const { histories, findings } = await sweep(options, { part: 0, parts: 2 });
    expect(findings).toEqual([]);
    expect(histories).toBeGreaterThan(800);
  }, 240_000);

  test('with some single faults, while the safety net runs', async () => {
    const options = readOptions(['--singles', '--timer', 'on']);
    const { histories, findings } = await sweep(options, { part: 1, parts: 9 });
    expect(findings).toEqual([]);
    expect(histories).toBeGreaterThan(180);
  }, 240_000);

  test.each([
    ['random', 200],
    ['small', 100],
    ['large', 50],
  ])(
    'with random faults and deeds on a %s pipeline',
    async (pipeline, count) => {
      const args = ['--random', String(count), '--seed', '20261123', '--pipeline', pipeline];
      const { histories, findings } = await sweepAll(...args);
      expect(findings).toEqual([]);
      expect(histories).toBe(count);
    },
    60_000,
  );
});

describe('the sweep', () => {
  test('finds what a mutant does wrong, and says how to play it again', async () => {
    const mutant = ['--timer', 'off', '--mutant', 'secret-not-redacted'];
    const { findings } = await sweepAll('--singles', ...mutant, '--only', '180:timeout-after');
    expect(findings[0]?.violations.join()).toContain('I8');
    expect(findings[0]?.replay).toBe(
      "npm run sweep -- --singles --only '180:timeout-after' --pipeline small --timer off --mutant secret-not-redacted",
    );
    expect((await sweepAll('--singles', '--timer', 'off', '--only', '180:timeout-after')).findings).toEqual(
      [],
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
