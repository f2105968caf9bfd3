import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Driver } from './driver.ts';
import { pipeline, remoteStep, stage } from './pipelines.ts';

const PAGE = readFileSync(join(__dirname, '../../docs/events.md'), 'utf8');
const EVENTS = readFileSync(join(__dirname, '../../shared/release/events.ts'), 'utf8');

/** Names in the first column of the tables of a section. */
function rowsOf(section: string): string[] {
  const [, text = ''] = PAGE.split(new RegExp(`^## ${section}$`, 'm'));
  const rows = text.split(/^## /m)[0]?.match(/^\|[^|]+\|/gm) ?? [];
  return rows.flatMap((row) => [...row.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name));
}

test('every record has its section, and every field of it a row', () => {
  const driver = new Driver();
  driver.request(pipeline([stage('staging', { steps: [remoteStep('tests')] })]));
  driver.work();
  const records = driver.open('track-record');
  expect(records.map(({ name }) => name)).toEqual(['deployment_stage_completed', 'run_completed']);
  const common = [...rowsOf('Fields of every record'), 'record_id', 'happened_at'];
  for (const { name, properties, measurements } of records) {
    const told = [...common, ...rowsOf(name)];
    expect(
      [...Object.keys(properties), ...Object.keys(measurements)].filter((key) => !told.includes(key)),
    ).toEqual([]);
    const sent = new Set([...common, ...Object.keys(properties), ...Object.keys(measurements)]);
    expect(rowsOf(name).filter((field) => !sent.has(field))).toEqual([]);
  }
});

test('every event stands on the page, and nothing else', () => {
  const types = [...EVENTS.matchAll(/type: ((?:'[a-z-]+'(?: \| )?)+)/g)].flatMap(([, union = '']) =>
    [...union.matchAll(/'([a-z-]+)'/g)].map(([, type = '']) => type),
  );
  expect(rowsOf('Events of a run').sort()).toEqual([...new Set(types)].sort());
});
