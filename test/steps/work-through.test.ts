import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../shared/release/canonical-json.ts';
import { inParallel } from '../../shared/steps/in-parallel.ts';
import type { Task, TaskEnd } from '../../shared/steps/work-through.ts';
import { workThrough } from '../../shared/steps/work-through.ts';
import { newClock, underVirtualTime } from './virtual-time.ts';

/** Tasks that take a second each, note what they do, and end as told. */
function tasksOf(phases: readonly number[], end: (name: string) => TaskEnd = () => null) {
  const clock = newClock();
  const begun: string[] = [];
  const ended: string[] = [];
  const tasks = phases.map((phase, index): Task => {
    const name = `${phase}.${index}`;
    const run = async () => {
      begun.push(name);
      await clock.sleep(1_000);
      ended.push(name);
      return end(name);
    };
    return { phase, run };
  });
  const abort = new AbortController();
  const work = (memo: Json = null) =>
    underVirtualTime(clock, workThrough({ clock, signal: abort.signal, memo }, tasks));
  return { clock, begun, ended, abort, work };
}

describe('work in phases', () => {
  test('a phase begins when all of the one before has ended', async () => {
    const { work, begun, ended } = tasksOf([0, 0, 1]);
    const order: string[] = [];
    expect(await work()).toBeNull();
    order.push(...begun);
    expect(order).toEqual(['0.0', '0.1', '1.2']);
    expect(ended.slice(0, 2).sort()).toEqual(['0.0', '0.1']);
  });

  test('after a minute the rest is left to another call, which repeats nothing', async () => {
    const { work, begun } = tasksOf(Array.from({ length: 700 }, () => 0));
    const first = await work();
    expect(first).toMatchObject({ waiting: { memo: { done: 600 } } });
    expect(await work({ done: 600 })).toBeNull();
    expect(new Set(begun).size).toBe(700);
    expect(begun).toHaveLength(700);
  });

  test('a refusal ends the work, and every reason is given', async () => {
    const { work, begun } = tasksOf([0, 0, 1], (name) => ({ refused: `${name} is bad.` }));
    expect(await work()).toEqual({ refused: '0.0 is bad. 0.1 is bad.' });
    expect(begun).toHaveLength(2);
  });

  test('what is to be done later is asked again after half a minute, from there on', async () => {
    const { work, clock } = tasksOf([0, 1], (name) => (name === '1.1' ? { later: 'not yet.' } : null));
    const start = clock.now();
    expect(await work()).toEqual({
      waiting: { until: start + 32_000, memo: { done: 1, waiting: { '1': start + 2_000 } } },
    });
  });

  test('what never comes is refused after ten minutes', async () => {
    const { work, clock } = tasksOf([0], () => ({ later: 'not yet.' }));
    const memo = { done: 0, waiting: { '0': clock.now() - 10 * 60_000 } };
    expect(await work(memo)).toEqual({ refused: 'not yet. (Slipway waited 10 minutes for it.)' });
  });

  test('what was noted before each task had a time of its own still counts, for the task that waited', async () => {
    const { work, clock } = tasksOf([0, 1], (name) => ({ later: `${name} not yet.` }));
    const waitingSince = clock.now() - 10 * 60_000;
    expect(await work({ done: 0, waitingSince })).toMatchObject({
      refused: expect.stringMatching(/^0\.0 not yet/),
    });
    expect(await work({ done: 1, waitingSince: null })).toMatchObject({ waiting: { memo: { done: 1 } } });
  });

  /** Two tasks that are ready after 9 and after 18 minutes, asked until they are done or refused. */
  async function untilTheEnd(phases: readonly [number, number]) {
    const readyAfter = new Map([
      [`${phases[0]}.0`, 9 * 60_000],
      [`${phases[1]}.1`, 18 * 60_000],
    ]);
    const { work, clock } = tasksOf(phases, (name) =>
      clock.now() < start + (readyAfter.get(name) ?? 0) ? { later: `${name} not yet.` } : null,
    );
    const start = clock.now();
    for (let memo: Json = null; ; ) {
      const outcome = await work(memo);
      if (outcome === null || 'refused' in outcome) return outcome;
      memo = outcome.waiting.memo;
      await underVirtualTime(clock, clock.sleep(outcome.waiting.until - clock.now()));
    }
  }

  test('a task that begins when another has ended has all of the time for itself', async () => {
    expect(await untilTheEnd([0, 1])).toBeNull();
  });

  test('tasks that wait side by side have their time at once', async () => {
    expect(await untilTheEnd([0, 0])).toEqual({
      refused: '0.1 not yet. (Slipway waited 10 minutes for it.)',
    });
  });

  test('a cancel begins nothing more', async () => {
    const { work, begun, abort } = tasksOf([0, 1]);
    abort.abort();
    await expect(work()).rejects.toThrow('cancelled');
    expect(begun).toEqual([]);
  });

  test('work that was done before the cancel counts as done', async () => {
    const { work, abort, clock } = tasksOf([0]);
    clock.at(clock.now() + 500, () => abort.abort());
    expect(await work()).toBeNull();
  });
});

describe('items in parallel', () => {
  test('never more at a time than allowed', async () => {
    const clock = newClock();
    let now = 0;
    let most = 0;
    const items = Array.from({ length: 20 }, (_, index) => index);
    const work = inParallel(items, { inFlight: 3 }, async () => {
      now += 1;
      most = Math.max(most, now);
      await clock.sleep(10);
      now -= 1;
    });
    expect(await underVirtualTime(clock, work)).toBe(20);
    expect(most).toBe(3);
  });

  test('an error begins nothing more, and is thrown when all that was begun has ended', async () => {
    const clock = newClock();
    const ended: number[] = [];
    const work = inParallel([1, 2, 3, 4], { inFlight: 2 }, async (item) => {
      await clock.sleep(item * 10);
      ended.push(item);
      if (item === 1) throw new Error('first');
    });
    await expect(underVirtualTime(clock, work)).rejects.toThrow('first');
    expect(ended).toEqual([1, 2]);
  });
});
