import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Run } from '../../shared/release/model.ts';
import { exampleBuild } from './builds.ts';
import { writesIn } from './twins.ts';
import type { BuildContent, ReleaseWorld } from './world.ts';
import { newReleaseWorld } from './world.ts';

let build: BuildContent;

beforeAll(async () => {
  build = await exampleBuild();
});

describe('a build of the example project', () => {
  let w: ReleaseWorld;
  let run: Run;

  beforeAll(async () => {
    w = newReleaseWorld();
    run = await w.release(build);
  });

  test('goes through all environments to the end', () => {
    expect(run.stages.map(({ name, status }) => [name, status])).toEqual([
      ['intake', 'succeeded'],
      ['dev', 'succeeded'],
      ['staging', 'succeeded'],
      ['production', 'succeeded'],
    ]);
    expect(w.history().ended).toBe(true);
  });

  test('breaks the contract of no service', () => {
    expect(Object.values(w.twins.byOrigin).flatMap((twin) => twin.violations())).toEqual([]);
  });
});

test('an equal build of later plans no change and writes nothing', async () => {
  const w = newReleaseWorld();
  expect((await w.release(build)).status).toBe('succeeded');
  const before = writesIn(w.twins).length;
  const again = await w.release(build);
  expect(again.status).toBe('succeeded');
  expect(writesIn(w.twins).slice(before)).toEqual([]);
});
