import { expect, test } from '@jest/globals';
import { twoEnvironments } from '../release/pipelines.ts';
import { violations } from './simulator/invariants/violations.ts';
import { play } from './simulator/play.ts';
import { scenario } from './simulator/scenario.ts';
import { measureOf } from './sweep/sweep.ts';

test('a message that cannot be processed fails its run with a reason, and the others go on', async () => {
  const poison = {
    stage: 'staging',
    step: 'wheel',
    release: 'build-1',
    how: 'poison',
    mendedAfterInMs: null,
  } as const;
  const what = scenario({
    pipeline: twoEnvironments(),
    runs: ['release-1', 'release-2'],
    behaviour: [poison],
  });
  const history = await play(what);
  const expected = { scenario: what, faults: 0, faultFree: measureOf(history, 0), callsAFault: 0 };
  expect(violations(history, expected)).toEqual([]);
  expect(history.world.bus.deadLetters.map(({ queue }) => queue)).toEqual(['steps']);
  const poisoned = history.runs.find(({ id }) => id === 'release-1');
  const other = history.runs.find(({ id }) => id === 'release-2');
  expect(poisoned?.stages[0]?.failure).toMatchObject({ step: 'wheel', definite: false });
  expect(poisoned?.status).toBe('failed');
  expect(other?.status).toBe('succeeded');
});

test('a message that cannot be read ends among the dead letters alone', async () => {
  const what = scenario({ pipeline: twoEnvironments() });
  const history = await play(what, { garbage: { queue: 'steps', body: '{"schema":1,"project":' } });
  expect(history.world.bus.deadLetters.map(({ message }) => message.id)).toEqual(['garbage']);
  expect(history.runs.map(({ status }) => status)).toEqual(['succeeded']);
});
