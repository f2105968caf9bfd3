import { beforeEach, describe, expect, test } from '@jest/globals';
import { environmentSubject } from '../../shared/engine/advance.ts';
import type { Loaded, Records, Store } from '../../shared/engine/ports.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import { begin, committed, hold, next, PROJECT, runOf, wake } from './transitions.ts';

/** Ids that keys cannot hold as they are, or that could be taken for one another. */
const ODD_IDS = [
  'a/b',
  'a\\b',
  'a#b',
  'a?b',
  'a|b',
  'a}b',
  "a'b",
  'a%2Fb',
  'a b',
  'ä€🚗',
  'a\u0001b',
  'a=002Fb',
];

/** The rules of a store, whatever holds it. `open` gives an empty one. */
export function storeContract(open: () => Promise<Store & Records>): void {
  let store: Store & Records;

  beforeEach(async () => {
    store = await open();
  });

  transitions(() => store);
  races(() => store);
  outbox(() => store);
  lists(() => store);
  names(() => store);
}

function transitions(store: () => Store & Records): void {
  describe('transitions', () => {
    test('a run that was never asked for is not there', async () => {
      const loaded = await store().load(PROJECT, 'release-1');

      expect(loaded.run).toBeNull();
      expect(loaded.environments.size).toBe(0);
      expect(loaded.outbox).toEqual([]);
      expect(loaded.tags.run).toBeNull();
    });

    test('a commit stores the run, its environments, its event and its effects', async () => {
      const first = await begin(store(), 'release-1');
      const effects = [wake('release-1', 1), wake('release-1', 2)];
      const environments = [{ ...newEnvironment('staging'), version: 1, generation: 7 }];
      await store().commit(next(first, { run: { why: 'changed' }, environments, effects }));

      const loaded = await store().load(PROJECT, 'release-1');
      expect(runOf(loaded)).toMatchObject({ version: 2, why: 'changed' });
      expect(loaded.environments.get('staging')?.generation).toBe(7);
      expect(loaded.outbox.slice(-2).map(({ effect }) => effect)).toEqual(effects);
      const events = await store().events(PROJECT, 'release-1');
      expect(events.map(({ version, event }) => [version, event.type])).toEqual([
        [1, 'run-requested'],
        [2, 'time-passed'],
      ]);
    });

    test('what a commit returns is what a load finds', async () => {
      const first = await begin(store(), 'release-1');
      const environments = [{ ...newEnvironment('staging'), version: 1 }];
      const returned = committed(
        await store().commit(next(first, { environments, effects: [wake('release-1')] })),
      );

      const loaded = await store().load(PROJECT, 'release-1');
      expect(returned.run).toEqual(loaded.run);
      expect(returned.environments).toEqual(loaded.environments);
      expect(returned.tags).toEqual(loaded.tags);
      expect(loaded.outbox).toEqual([...first.outbox, ...returned.outbox]);
    });

    test('a commit can follow a commit without a load in between', async () => {
      let loaded = await begin(store(), 'release-1');
      for (let round = 1; round <= 4; round += 1) {
        const environments = [{ ...newEnvironment('staging'), version: round, generation: round }];
        loaded = committed(await store().commit(next(loaded, { environments })));
      }

      const found = await store().load(PROJECT, 'release-1');
      expect(runOf(found).version).toBe(5);
      expect(found.environments.get('staging')?.generation).toBe(4);
    });

    test('an environment that a commit leaves alone stays known', async () => {
      const first = await begin(store(), 'release-1');
      const environments = [{ ...newEnvironment('production'), version: 1, generation: 3 }];
      const second = committed(await store().commit(next(first, { environments })));
      const third = committed(await store().commit(next(second)));

      expect(third.environments.get('production')?.generation).toBe(3);
      expect(third.tags.environments.get('production')).toBe(second.tags.environments.get('production'));
    });

    test('the audit log has every transition in order', async () => {
      let loaded = await begin(store(), 'release-1');
      for (let round = 0; round < 11; round += 1) loaded = committed(await store().commit(next(loaded)));

      const versions = (await store().events(PROJECT, 'release-1')).map(({ version }) => version);
      expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    });

    test('an environment has transitions of its own', async () => {
      const subject = environmentSubject('staging');
      const before = await store().load(PROJECT, subject);
      const after = committed(await store().commit(hold(before, 'staging', [wake('release-1')])));
      expect(after.run).toBeNull();

      const loaded = await store().load(PROJECT, subject);
      expect(loaded.run).toBeNull();
      expect(loaded.environments.get('staging')?.version).toBe(1);
      expect(loaded.outbox).toEqual(after.outbox);
      expect(await store().events(PROJECT, subject)).toMatchObject([
        { subject, version: 1, event: { type: 'hold-lifted' } },
      ]);
      expect(await store().environments(PROJECT)).toEqual([...loaded.environments.values()]);
    });

    test('a run too large for one row is stored and read back', async () => {
      const why = `${'é🚗"\\'.repeat(150_000)}end`;
      await store().commit(next(await begin(store(), 'release-1'), { run: { why } }));

      const loaded = await store().load(PROJECT, 'release-1');
      expect(runOf(loaded).why === why).toBe(true);
      const again = committed(await store().commit(next(loaded, { run: { why: 'small again' } })));
      expect(runOf(again).why).toBe('small again');
      expect(runOf(await store().load(PROJECT, 'release-1')).why).toBe('small again');
    });

    test('text survives wherever a row cuts it', async () => {
      const why = `x${'🚗'.repeat(40_000)}`;
      await store().commit(next(await begin(store(), 'release-1'), { run: { why } }));

      expect(runOf(await store().load(PROJECT, 'release-1')).why === why).toBe(true);
    });
  });
}

function races(store: () => Store & Records): void {
  async function state(): Promise<unknown> {
    const { run, environments, outbox } = await store().load(PROJECT, 'release-1');
    const events = await store().events(PROJECT, 'release-1');
    return { run, environments, outbox, events, listed: await store().listRuns(PROJECT, 10) };
  }

  describe('races', () => {
    test('a commit from an old state is a conflict and writes nothing', async () => {
      const old = await begin(store(), 'release-1');
      await store().commit(next(old, { run: { why: 'first' } }));
      const before = await state();

      const environments = [{ ...newEnvironment('staging'), version: 1 }];
      const change = { run: { why: 'second' }, environments, effects: [wake('release-1')] };
      expect(await store().commit(next(old, change))).toBe('conflict');
      expect(await state()).toEqual(before);
    });

    test('a commit that saw an old environment is a conflict and writes nothing', async () => {
      const first = await begin(store(), 'release-1');
      await store().commit(hold(first, 'staging'));
      await store().commit(hold(await store().load(PROJECT, environmentSubject('staging')), 'staging'));
      const before = await state();

      const environments = [{ ...newEnvironment('staging'), version: 1 }];
      expect(await store().commit(next(first, { environments, effects: [wake('release-1')] }))).toBe(
        'conflict',
      );
      expect(await state()).toEqual(before);
    });

    test('a second environment of the same name is a conflict', async () => {
      const nothing = await store().load(PROJECT, environmentSubject('staging'));
      expect(await store().commit(hold(nothing, 'staging'))).not.toBe('conflict');
      expect(await store().commit(hold(nothing, 'staging'))).toBe('conflict');
    });

    test('a run begins once, however many ask for it at the same time', async () => {
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => begin(store(), 'release-1')));

      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await store().events(PROJECT, 'release-1')).toHaveLength(1);
    });

    test('of sixteen racers one wins', async () => {
      const loaded = await begin(store(), 'release-1');
      const racers = Array.from({ length: 16 }, (_, racer) =>
        store().commit(next(loaded, { run: { why: `racer ${racer}` }, effects: [wake('release-1', racer)] })),
      );
      const results = await Promise.all(racers);

      const winners = results.flatMap((result, racer) => (result === 'conflict' ? [] : [racer]));
      expect(winners).toHaveLength(1);
      const after = await store().load(PROJECT, 'release-1');
      expect(runOf(after).why).toBe(`racer ${winners[0]}`);
      expect(after.outbox).toHaveLength(loaded.outbox.length + 1);
      expect(await store().events(PROJECT, 'release-1')).toHaveLength(2);
    });

    test('runs of one project do not stand in each other’s way', async () => {
      const loaded = await Promise.all(['a', 'b', 'c', 'd'].map((id) => begin(store(), id)));
      const results = await Promise.all(loaded.map((each) => store().commit(next(each))));

      expect(results).not.toContain('conflict');
    });

    test('two runs that change one environment: the second sees the first', async () => {
      const [one, two] = await Promise.all([begin(store(), 'a'), begin(store(), 'b')]);
      const environments = [{ ...newEnvironment('staging'), version: 1 }];
      const results = await Promise.all(
        [one, two].map((each) => store().commit(next(each, { environments }))),
      );

      expect(results.filter((result) => result === 'conflict')).toHaveLength(1);
    });
  });
}

function outbox(store: () => Store & Records): void {
  async function idsOf(subject: string): Promise<string[]> {
    return (await store().load(PROJECT, subject)).outbox.map(({ id }) => id);
  }

  async function withEffects(id: string, count: number): Promise<Loaded> {
    const first = await begin(store(), id);
    await store().clearOutbox(
      PROJECT,
      first.outbox.map((row) => row.id),
    );
    const effects = Array.from({ length: count }, (_, index) => wake(id, index));
    return committed(await store().commit(next(first, { effects })));
  }

  describe('the outbox', () => {
    test('an outbox row is there until it is cleared', async () => {
      const { outbox: rows } = await withEffects('release-1', 3);
      const ids = rows.map(({ id }) => id);
      expect(await idsOf('release-1')).toEqual(ids);

      await store().clearOutbox(PROJECT, ids.slice(0, 1));
      expect(await idsOf('release-1')).toEqual(ids.slice(1));
      await store().clearOutbox(PROJECT, ids.slice(1));
      expect(await idsOf('release-1')).toEqual([]);
    });

    test('rows that are gone already are no error, and the others go all the same', async () => {
      const { outbox: rows } = await withEffects('release-1', 3);
      const ids = rows.map(({ id }) => id);
      await store().clearOutbox(PROJECT, ids.slice(1, 2));

      await store().clearOutbox(PROJECT, ids);
      expect(await idsOf('release-1')).toEqual([]);
      await store().clearOutbox(PROJECT, ids);
      await store().clearOutbox(PROJECT, []);
    });

    test('rows of several transitions come in the order in which they were committed', async () => {
      let loaded = await withEffects('release-1', 12);
      const ids = loaded.outbox.map(({ id }) => id);
      for (let round = 0; round < 10; round += 1) {
        loaded = committed(await store().commit(next(loaded, { effects: [wake('release-1')] })));
        ids.push(...loaded.outbox.map(({ id }) => id));
      }

      expect(await idsOf('release-1')).toEqual(ids);
    });

    test('a run never gets the rows of another', async () => {
      const names = ['release-1', 'release-10', 'release-1.5', 'release', 'release-1.2.0'];
      for (const name of names) await withEffects(name, 2);

      for (const name of names) {
        const { outbox: rows } = await store().load(PROJECT, name);
        expect(rows.map(({ effect }) => 'run' in effect && effect.run)).toEqual([name, name]);
      }
    });

    test('whoever has unsent rows is named once', async () => {
      const { outbox: rows } = await withEffects('release-1', 3);
      await withEffects('release-2', 1);
      const environment = await store().load(PROJECT, environmentSubject('staging'));
      await store().commit(hold(environment, 'staging', [wake('release-1')]));
      expect((await store().unsent(PROJECT)).sort()).toEqual([
        'environment.staging',
        'release-1',
        'release-2',
      ]);

      await store().clearOutbox(
        PROJECT,
        rows.map(({ id }) => id),
      );
      expect((await store().unsent(PROJECT)).sort()).toEqual(['environment.staging', 'release-2']);
    });
  });
}

function lists(store: () => Store & Records): void {
  describe('lists', () => {
    test('runs are listed newest first, as many as asked for', async () => {
      const ids = ['c', 'a', 'd', 'b', 'e'];
      for (const [index, id] of ids.entries()) await begin(store(), id, { afterInMs: index * 60_000 });

      const listed = async (most: number) => (await store().listRuns(PROJECT, most)).map(({ id }) => id);
      expect(await listed(10)).toEqual(['e', 'b', 'd', 'a', 'c']);
      expect(await listed(2)).toEqual(['e', 'b']);
    });

    test('the list shows a run as it is now', async () => {
      const first = await begin(store(), 'release-1');
      const [staging] = runOf(first).stages;
      if (staging === undefined) throw new Error('the run has no stage');
      const stages = [{ ...staging, status: 'rejected' as const }, ...runOf(first).stages.slice(1)];
      await store().commit(next(first, { run: { status: 'rejected', endedAt: 17, stages } }));

      const { kind, release, createdAt } = runOf(first);
      expect(await store().listRuns(PROJECT, 10)).toEqual([
        {
          id: 'release-1',
          kind,
          status: 'rejected',
          release: release.name,
          createdAt,
          endedAt: 17,
          stages: [
            { name: 'staging', status: 'rejected' },
            { name: 'production', status: 'queued' },
          ],
        },
      ]);
    });

    test('a run is active until it ends, and again when it is taken up', async () => {
      const first = await begin(store(), 'release-1');
      await begin(store(), 'release-2');
      expect((await store().activeRuns(PROJECT)).sort()).toEqual(['release-1', 'release-2']);

      const failed = committed(await store().commit(next(first, { run: { status: 'failed' } })));
      expect(await store().activeRuns(PROJECT)).toEqual(['release-2']);
      const still = committed(await store().commit(next(failed, { run: { why: 'a note' } })));
      expect(await store().activeRuns(PROJECT)).toEqual(['release-2']);
      const again = committed(await store().commit(next(still, { run: { status: 'running' } })));
      expect((await store().activeRuns(PROJECT)).sort()).toEqual(['release-1', 'release-2']);
      await store().commit(next(again, { run: { status: 'succeeded' } }));
      expect(await store().activeRuns(PROJECT)).toEqual(['release-2']);
    });

    test('a project sees nothing of another', async () => {
      await begin(store(), 'release-1', { project: 'other' });

      expect((await store().load(PROJECT, 'release-1')).run).toBeNull();
      expect(await store().listRuns(PROJECT, 10)).toEqual([]);
      expect(await store().activeRuns(PROJECT)).toEqual([]);
      expect(await store().unsent(PROJECT)).toEqual([]);
      expect(await store().events(PROJECT, 'release-1')).toEqual([]);
    });
  });
}

function names(store: () => Store & Records): void {
  describe('names', () => {
    test('a run may have any name', async () => {
      for (const id of ODD_IDS) await begin(store(), id);

      for (const id of ODD_IDS) expect(runOf(await store().load(PROJECT, id)).id).toBe(id);
      expect((await store().activeRuns(PROJECT)).sort()).toEqual([...ODD_IDS].sort());
      expect((await store().unsent(PROJECT)).sort()).toEqual([...ODD_IDS].sort());
    });

    test('effects of a run with any name are cleared by their ids', async () => {
      for (const id of ODD_IDS) {
        const { outbox: rows } = await begin(store(), id);
        await store().clearOutbox(
          PROJECT,
          rows.map((row) => row.id),
        );
      }

      expect(await store().unsent(PROJECT)).toEqual([]);
    });

    test('a project may have any name', async () => {
      await begin(store(), 'release-1', { project: 'Größe/50% #1' });

      expect(runOf(await store().load('Größe/50% #1', 'release-1')).version).toBe(1);
    });
  });
}
