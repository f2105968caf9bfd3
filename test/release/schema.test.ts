import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Effect } from '../../shared/release/effects.ts';
import { RUN_SCHEMA } from '../../shared/release/model.ts';
import { readEnvironment, readRun } from '../../shared/release/schema.ts';
import { ALEX, Driver, MINUTE } from './driver.ts';
import { FIXTURES } from './stored-states.ts';

const FOLDER = join(__dirname, 'fixtures');
const SCHEMAS = readdirSync(FOLDER).sort();

interface Stored {
  readonly runs: readonly unknown[];
  readonly environments: readonly unknown[];
}

const STORED = SCHEMAS.flatMap((schema) =>
  readdirSync(join(FOLDER, schema)).map((file) => {
    const text = readFileSync(join(FOLDER, schema, file), 'utf8');
    return { name: `${schema}/${file}`, stored: JSON.parse(text) as Stored };
  }),
);

/** The driver goes on from what was stored; messages that were on their way are asked for by the safety net. */
function takeUp({ runs, environments }: Stored): Driver {
  const driver = new Driver();
  for (const value of runs) {
    const read = readRun(value);
    if ('value' in read) driver.runs.set(read.value.id, read.value);
  }
  for (const value of environments) {
    const read = readEnvironment(value);
    if ('value' in read) driver.environments.set(read.value.name, read.value);
  }
  return driver;
}

/** Half an hour of the safety net, with somebody who approves and mends. */
function goOn(driver: Driver): void {
  for (let round = 0; round < 12; round += 1) {
    driver.at += 6 * MINUTE;
    for (const name of driver.environments.keys()) {
      driver.tellEnvironment(name, { type: 'hold-lifted', at: driver.at, why: 'mended', by: ALEX });
    }
    for (const { id, status, stages } of [...driver.runs.values()]) {
      if (status === 'failed') driver.tell(id, { type: 'retry-requested', by: ALEX, why: 'mended' });
      if (driver.run(id).status === 'running') driver.tell(id, { type: 'time-passed', wake: null });
      for (const stage of stages) {
        if (driver.stage(stage.name, id).status === 'waiting-for-approval') driver.approve(stage.name, id);
      }
      driver.work();
    }
  }
}

describe('a release that an earlier version has stored', () => {
  test.each(STORED)('goes on to its end: $name', ({ stored }) => {
    const driver = takeUp(stored);
    expect(driver.runs.size).toBe(stored.runs.length);
    goOn(driver);
    const ends = [...driver.runs.values()].map(({ status }) => status);
    for (const end of ends) expect(['succeeded', 'superseded', 'cancelled']).toContain(end);
    expect([...driver.environments.values()].filter(({ lock }) => lock !== null)).toEqual([]);
    const records = driver.effects.map(({ effect }: { effect: Effect }) => effect.type);
    expect(records).toContain('track-record');
  });

  test('stands in the fixtures of every schema', () => {
    const wanted = Array.from({ length: RUN_SCHEMA }, (_, index) => `schema-${index + 1}`);
    expect(SCHEMAS).toEqual(wanted);
  });
});

/** When this fails, the stored shape has changed: raise RUN_SCHEMA, write an upgrade, and make new fixtures. */
test.each(FIXTURES)('the shape of a stored run is that of the fixture: $name', ({ name, make }) => {
  const { runs, environments } = make();
  const stored = STORED.find((each) => each.name === `schema-${RUN_SCHEMA}/${name}.json`)?.stored;
  expect(
    JSON.parse(JSON.stringify({ runs: [...runs.values()], environments: [...environments.values()] })),
  ).toEqual(stored);
});

describe('reading what is stored', () => {
  const run = { ...(STORED.flatMap(({ stored }) => stored.runs)[0] as object) };

  test('refuses what a newer version wrote', () => {
    expect(readRun({ ...run, schema: RUN_SCHEMA + 1 })).toEqual({ newer: RUN_SCHEMA + 1 });
    expect(readEnvironment({ schema: 99, name: 'staging' })).toEqual({ newer: 99 });
  });

  test.each([
    [null, 'it is not an object with a schema number'],
    ['text', 'it is not an object with a schema number'],
    [{ id: 'release-1' }, 'it is not an object with a schema number'],
    [{ schema: '1' }, 'it is not an object with a schema number'],
    [{ schema: 0 }, 'there never was a schema 0'],
    [{ schema: 1, id: 'release-1', status: 'running' }, 'it lacks project, version, pipeline, stages'],
  ])('says what is wrong with %p', (value, unreadable) => {
    expect(readRun(value)).toEqual({ unreadable });
  });
});
