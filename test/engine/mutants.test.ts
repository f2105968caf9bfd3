import { describe, expect, test } from '@jest/globals';
import { MUTANTS } from './sweep/mutants.ts';
import { faultsText } from './sweep/options.ts';
import { tryOut } from './sweep/trials.ts';

const table: string[] = [];

describe('an engine with a seeded defect is caught', () => {
  test.each(MUTANTS)(
    '$name by $caughtBy',
    async ({ name, sabotage, caughtBy, aimedAt = 'one release' }) => {
      const trial = await tryOut(sabotage, { wanted: caughtBy, aimedAt, most: 1000 });
      expect(trial.caughtBy).toContain(caughtBy);
      const where = `${trial.scenario}${trial.faults.length === 0 ? '' : `, ${faultsText(trial.faults)}`}`;
      table.push(
        `${name.padEnd(26)} ${caughtBy}  after ${String(trial.histories).padStart(4)} histories (${where})`,
      );
      if (table.length === MUTANTS.length) console.log(table.join('\n'));
    },
    120_000,
  );

  test('and there are at least ten of them', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBeGreaterThanOrEqual(10);
  });
});

test('the engine without a defect passes all these trials', async () => {
  expect(await tryOut(undefined, { wanted: null, aimedAt: 'three releases', most: 100 })).toMatchObject({
    caughtBy: [],
  });
}, 120_000);
