import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import * as keys from '../../shared/adapters/table-keys.ts';

/** Azure refuses `/ \ # ?` and control characters in keys; `|` and `}` part ours. */
const FORBIDDEN = /[/\\#?|}]|\p{Cc}/u;

const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });

describe('keys of rows', () => {
  test('no name brings a character into a key that Azure or our ranges cannot take', () => {
    fc.assert(fc.property(names, (name) => expect(keys.encodeName(name)).not.toMatch(FORBIDDEN)));
  });

  test('different names have different keys', () => {
    fc.assert(
      fc.property(names, names, (one, other) => {
        expect(keys.encodeName(one) === keys.encodeName(other)).toBe(one === other);
      }),
    );
  });

  test('plain names stay as they are', () => {
    expect(keys.encodeName('parking-sensors_2.0')).toBe('parking-sensors_2.0');
  });

  test('everything under a prefix lies in its range, and nothing else does', () => {
    const key = (name: string) => keys.eventKey(name, 1);
    fc.assert(
      fc.property(names, names, (name, other) => {
        const { from, to } = keys.under(`event|${keys.encodeName(name)}`);
        expect(key(other) >= from && key(other) < to).toBe(other === name);
      }),
    );
  });

  test('effects and environments lie side by side with nothing in between', () => {
    const { from, to } = keys.EFFECTS_AND_ENVIRONMENTS;
    const inside = (key: string) => key >= from && key < to;

    expect([keys.effectKey('a', 1, 0), keys.environmentKey('z')].every(inside)).toBe(true);
    const others = [
      keys.runKey('a'),
      keys.eventKey('a', 1),
      keys.listKey(0, 'a'),
      keys.activeKey('a'),
      keys.deliveryKey(0, 'a'),
    ];
    expect(others.some(inside)).toBe(false);
  });

  test('later rows of a list come first', () => {
    const times = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(times, times, (one, other) => {
        expect(keys.listKey(one, 'a') < keys.listKey(other, 'a')).toBe(one > other);
      }),
    );
  });

  test('transitions are in order of their versions, effects in order of their numbers', () => {
    expect(keys.eventKey('a', 9) < keys.eventKey('a', 10)).toBe(true);
    expect(keys.effectKey('a', 9, 99) < keys.effectKey('a', 10, 0)).toBe(true);
    expect(keys.effectKey('a', 1, 9) < keys.effectKey('a', 1, 10)).toBe(true);
  });

  test('an outbox row is found by its id, dots in the name of its run included', () => {
    expect(keys.effectKeyOf('release-1.2.0.17.3')).toBe(keys.effectKey('release-1.2.0', 17, 3));
  });
});
