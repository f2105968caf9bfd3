import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DueList } from '../../../sandbox/service-bus/engine/due-list.ts';
import { SequenceList } from '../../../sandbox/service-bus/engine/sequence-list.ts';
import { virtualClock } from './virtual-clock.ts';

describe('a due list', () => {
  test('calls each item once, at its time, earliest first', () => {
    const clock = virtualClock(0);
    const due: [string, number][] = [];
    const list = new DueList<string>(clock, (item) => due.push([item, clock.nowInMs()]));
    list.set('late', 30);
    list.set('early', 10);
    list.set('middle', 20);
    clock.pass(100);
    expect(due).toEqual([
      ['early', 10],
      ['middle', 20],
      ['late', 30],
    ]);
    expect(list.size).toBe(0);
  });

  test('forgets what was deleted and moves what is set again', () => {
    const clock = virtualClock(0);
    const due: [string, number][] = [];
    const list = new DueList<string>(clock, (item) => due.push([item, clock.nowInMs()]));
    list.set('a', 10);
    list.set('b', 10);
    list.set('a', 20);
    list.delete('b');
    clock.pass(100);
    expect(due).toEqual([['a', 20]]);
  });

  test('keeps nothing that is never due', () => {
    const list = new DueList<string>(virtualClock(0), () => {});
    list.set('a', 10);
    list.set('a', Number.POSITIVE_INFINITY);
    expect(list.has('a')).toBe(false);
  });

  test('takes in what a due item sets', () => {
    const clock = virtualClock(0);
    const due: string[] = [];
    const list: DueList<string> = new DueList(clock, (item) => {
      due.push(item);
      if (due.length < 3) list.set(`${item}+`, clock.nowInMs() + 1);
    });
    list.set('a', 10);
    clock.pass(100);
    expect(due).toEqual(['a', 'a+', 'a++']);
  });

  test('agrees with sorting, whatever is set and deleted', () => {
    const operation = fc.record({ item: fc.nat(20), dueAtInMs: fc.nat(50), deletes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const clock = virtualClock(0);
        const due: number[] = [];
        const list = new DueList<number>(clock, (item) => due.push(item));
        const expected = new Map<number, number>();
        for (const { item, dueAtInMs, deletes } of operations) {
          if (deletes) list.delete(item);
          else list.set(item, dueAtInMs);
          expected.delete(item);
          if (!deletes) expected.set(item, dueAtInMs);
        }
        clock.pass(100);
        const sorted = [...expected].sort(([, a], [, b]) => a - b).map(([item]) => item);
        expect(due).toEqual(sorted);
      }),
    );
  });
});

describe('a sequence list', () => {
  const item = (sequenceNumber: number) => ({ sequenceNumber });

  test('agrees with a sorted map, whatever is added and deleted', () => {
    const operation = fc.record({ sequenceNumber: fc.nat(200), deletes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const list = new SequenceList<{ sequenceNumber: number }>();
        const expected = new Set<number>();
        for (const { sequenceNumber, deletes } of operations) {
          if (deletes) expect(list.delete(sequenceNumber)).toBe(expected.delete(sequenceNumber));
          else {
            list.add(item(sequenceNumber));
            expected.add(sequenceNumber);
          }
          expect(list.first()?.sequenceNumber).toBe(expected.size === 0 ? undefined : Math.min(...expected));
        }
        expect(list.size).toBe(expected.size);
        const sorted = [...expected].sort((a, b) => a - b);
        expect([...list.from(0)].map((each) => each.sequenceNumber)).toEqual(sorted);
        expect([...list.from(100)].map((each) => each.sequenceNumber)).toEqual(
          sorted.filter((n) => n >= 100),
        );
      }),
    );
  });

  test('holds no more places than twice its items and a few', () => {
    const list = new SequenceList<{ sequenceNumber: number }>();
    for (let number = 1; number <= 10_000; number++) {
      list.add(item(number));
      if (number > 10) list.delete(number - 10);
    }
    expect(list.size).toBe(10);
    expect(list.places).toBeLessThan(100);
  });
});
