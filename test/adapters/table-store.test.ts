import type { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Storage, startStorage } from '../../sandbox/storage/start.ts';
import type { StorageAccess } from '../../shared/adapters/storage-access.ts';
import { callStorage } from '../../shared/adapters/storage-errors.ts';
import type { TableOperation, TableOptions } from '../../shared/adapters/table-client.ts';
import { openTable } from '../../shared/adapters/table-client.ts';
import { environmentKey, runKey } from '../../shared/adapters/table-keys.ts';
import { TableStore } from '../../shared/adapters/table-store.ts';
import { environmentSubject } from '../../shared/engine/advance.ts';
import { NewerSchema, TransientFailure, UnreadableInput } from '../../shared/errors.ts';
import { newEnvironment } from '../../shared/release/model.ts';
import { MemoryContent } from './memory-content.ts';
import { type StorageProxy, startProxy } from './proxy.ts';
import { begin, committed, hold, next, PROJECT, runOf, wake } from './transitions.ts';

const quickly = { maxRetries: 3, retryDelayInMs: 1, maxRetryDelayInMs: 5 };

describe('the table store', () => {
  let storage: Storage;
  let proxy: StorageProxy;
  let content: MemoryContent;
  let client: TableClient;
  let store: TableStore;
  let tables = 0;
  let operations: TableOperation[] = [];
  let before: TableOptions['before'];

  beforeAll(async () => {
    storage = await startStorage();
    proxy = await startProxy(storage.tablePort);
  });

  afterAll(async () => {
    await proxy.close();
    await storage.stop();
  });

  beforeEach(async () => {
    proxy.fateOf = () => 'pass';
    tables += 1;
    content = new MemoryContent();
    client = openTable(throughProxy(), `slipway${tables}`, {
      retries: quickly,
      before: async (operation) => {
        operations.push(operation);
        await before?.(operation);
      },
    });
    store = new TableStore({ client, content });
    await store.createTable();
    before = undefined;
    operations = [];
  });

  function throughProxy(): StorageAccess {
    const { connectionString, tablePort } = storage;
    return { connectionString: connectionString.replace(`:${tablePort}/`, `:${proxy.port}/`) };
  }

  /** A second store on the same table, as another instance would have it. */
  function another(): TableStore {
    return new TableStore({ client: openTable(storage, client.tableName), content });
  }

  async function operationsOf(work: () => Promise<unknown>): Promise<TableOperation[]> {
    operations = [];
    await work();
    return operations;
  }

  describe('takes few operations', () => {
    test('a transition from a message takes two to load, one to commit and one to clear', async () => {
      const loaded = await begin(store, 'release-1');
      const environments = [{ ...newEnvironment('staging'), version: 1 }];

      expect(await operationsOf(() => store.load(PROJECT, 'release-1'))).toEqual(['read', 'query']);
      const change = { environments, effects: [wake('release-1', 1), wake('release-1', 2)] };
      expect(await operationsOf(() => store.commit(next(loaded, change)))).toEqual(['transaction']);
      const ids = loaded.outbox.map(({ id }) => id);
      expect(await operationsOf(() => store.clearOutbox(PROJECT, ids))).toHaveLength(1);
    });

    test('an environment alone is loaded by one operation', async () => {
      const subject = environmentSubject('staging');
      expect(await operationsOf(() => store.load(PROJECT, subject))).toEqual(['query']);
    });

    test('several effects are cleared by one operation, and nothing by none', async () => {
      const effects = [1, 2, 3].map((number) => wake('release-1', number));
      const { outbox } = committed(await store.commit(next(await begin(store, 'release-1'), { effects })));

      const ids = outbox.map(({ id }) => id);
      expect(await operationsOf(() => store.clearOutbox(PROJECT, ids))).toEqual(['transaction']);
      expect(await operationsOf(() => store.clearOutbox(PROJECT, []))).toEqual([]);
    });

    test('the safety net’s questions take one operation each, however many runs have ended', async () => {
      for (let run = 0; run < 5; run += 1) {
        const first = await begin(store, `release-${run}`);
        await store.commit(next(first, { run: { status: 'succeeded' } }));
      }

      expect(await operationsOf(() => store.activeRuns(PROJECT))).toEqual(['query']);
      expect(await operationsOf(() => store.unsent(PROJECT))).toEqual(['query']);
      expect(await store.activeRuns(PROJECT)).toEqual([]);
    });

    test('tags of another store are as good, at the price of one query', async () => {
      const environments = [{ ...newEnvironment('staging'), version: 1, generation: 5 }];
      const loaded = committed(await store.commit(next(await begin(store, 'release-1'), { environments })));
      const elsewhere = { ...loaded, tags: { ...loaded.tags } };

      let after = loaded;
      const taken = await operationsOf(async () => {
        after = committed(await store.commit(next(elsewhere)));
      });
      expect(taken).toEqual(['transaction', 'query']);
      expect(after.environments.get('staging')?.generation).toBe(5);
    });
  });

  describe('holds together when others interfere', () => {
    test('what a load mixes of two states can never be committed', async () => {
      const first = await begin(store, 'release-1');
      before = async (operation) => {
        if (operation !== 'query') return;
        before = undefined;
        const environments = [{ ...newEnvironment('staging'), version: 1 }];
        await another().commit(next(first, { environments, effects: [wake('release-1')] }));
      };

      const mixed = await store.load(PROJECT, 'release-1');
      expect(runOf(mixed).version).toBe(1);
      expect(mixed.environments.get('staging')?.version).toBe(1);
      expect(await store.commit(next(mixed))).toBe('conflict');
    });

    test('effects committed while a run is loaded are seen', async () => {
      const first = await begin(store, 'release-1');
      before = async (operation) => {
        if (operation !== 'query') return;
        before = undefined;
        await another().commit(next(first, { effects: [wake('release-1', 99)] }));
      };

      const { outbox } = await store.load(PROJECT, 'release-1');
      expect(outbox.map(({ effect }) => effect)).toContainEqual(wake('release-1', 99));
    });

    test('a run ends although somebody removed its active row', async () => {
      const first = await begin(store, 'release-1');
      await client.deleteEntity(PROJECT, 'active|release-1');

      await store.commit(next(first, { run: { status: 'succeeded' } }));
      expect(runOf(await store.load(PROJECT, 'release-1')).status).toBe('succeeded');
    });

    test('a run that somebody removed is a conflict, not a new run', async () => {
      const first = await begin(store, 'release-1');
      await client.deleteEntity(PROJECT, runKey('release-1'));

      expect(await store.commit(next(first))).toBe('conflict');
      expect((await store.load(PROJECT, 'release-1')).run).toBeNull();
    });
  });

  describe('reads rows with care', () => {
    test('a run of a newer schema is not read and not overwritten', async () => {
      const first = await begin(store, 'release-1');
      await store.commit(next(first, { run: { schema: 99 } }));

      await expect(store.load(PROJECT, 'release-1')).rejects.toThrow(NewerSchema);
      await expect(store.load(PROJECT, 'release-1')).rejects.toThrow(/schema 99/);
    });

    test('an environment of a newer schema stops every run of its project', async () => {
      const environments = [{ ...newEnvironment('staging'), version: 1, schema: 99 }];
      await store.commit(next(await begin(store, 'release-1'), { environments }));

      await expect(store.load(PROJECT, 'release-2')).rejects.toThrow(NewerSchema);
      await expect(store.environments(PROJECT)).rejects.toThrow(NewerSchema);
    });

    test('a row of a newer layout is not read', async () => {
      await begin(store, 'release-1');
      const row = { partitionKey: PROJECT, rowKey: runKey('release-1'), schema: 2 };
      await client.updateEntity(row, 'Merge');

      await expect(store.load(PROJECT, 'release-1')).rejects.toThrow(NewerSchema);
    });

    test.each([
      ['no schema', { json0: '{}' }],
      ['no document', { schema: 1 }],
      ['torn JSON', { schema: 1, json0: '{"schema":1,' }],
      ['something that is no run', { schema: 1, json0: '"text"' }],
      ['a digest of nothing', { schema: 1, digest: 'f'.repeat(64) }],
    ])('a row with %s is unreadable', async (_, properties) => {
      await client.createEntity({ partitionKey: PROJECT, rowKey: runKey('release-1'), ...properties });

      await expect(store.load(PROJECT, 'release-1')).rejects.toThrow(UnreadableInput);
    });

    test('garbage in an environment is unreadable', async () => {
      const row = { partitionKey: PROJECT, rowKey: environmentKey('staging'), schema: 1, json0: '[]' };
      await client.createEntity(row);

      await expect(store.load(PROJECT, 'release-1')).rejects.toThrow(UnreadableInput);
    });
  });

  describe('keeps to the limits of a table', () => {
    test('a large run is kept in the content store, a small one in its row', async () => {
      const first = await begin(store, 'release-1');
      expect(content.contents.size).toBe(0);

      await store.commit(next(first, { run: { why: 'x'.repeat(300_000) } }));
      expect(content.contents.size).toBe(1);
    });

    test.each(['', 'x'])('no property holds half a character (shifted by "%s")', async (shift) => {
      const first = await begin(store, 'release-1');
      await store.commit(next(first, { run: { why: `${shift}${'🚗'.repeat(40_000)}` } }));

      const row = await client.getEntity<Record<string, unknown>>(PROJECT, runKey('release-1'));
      const pieces = Object.entries(row).filter(([name]) => name.startsWith('json'));
      expect(pieces.length).toBeGreaterThan(2);
      // It throws where a surrogate stands alone.
      for (const [, piece] of pieces) expect(() => encodeURIComponent(String(piece))).not.toThrow();
    });

    test('a transition of more rows than a transaction takes is refused with the reason', async () => {
      const effects = Array.from({ length: 100 }, (_, index) => wake('release-1', index));

      const refused = store.commit(next(await begin(store, 'release-1'), { effects }));
      await expect(refused).rejects.toThrow(UnreadableInput);
      await expect(refused).rejects.toThrow(/103 rows .* 100/);
    });

    test('a transition larger than a transaction takes is refused with the reason', async () => {
      const large = { ...wake('release-1'), run: 'x'.repeat(290_000) };
      const effects = Array.from({ length: 15 }, () => large);

      const refused = store.commit(next(await begin(store, 'release-1'), { effects }));
      await expect(refused).rejects.toThrow(/4 MiB/);
    });

    test('ninety effects of one transition are stored and cleared', async () => {
      const effects = Array.from({ length: 90 }, (_, index) => wake('release-1', index));
      const first = await begin(store, 'release-1');
      const { outbox } = committed(await store.commit(next(first, { effects })));

      await store.clearOutbox(
        PROJECT,
        [...first.outbox, ...outbox, ...outbox].map(({ id }) => id),
      );
      expect(await store.unsent(PROJECT)).toEqual([]);
    });

    test('more than a hundred rows are cleared in several transactions', async () => {
      let loaded = await begin(store, 'release-1');
      const ids = loaded.outbox.map(({ id }) => id);
      for (let round = 0; round < 3; round += 1) {
        const effects = Array.from({ length: 50 }, (_, index) => wake('release-1', index));
        loaded = committed(await store.commit(next(loaded, { effects })));
        ids.push(...loaded.outbox.map(({ id }) => id));
      }

      const taken = await operationsOf(() => store.clearOutbox(PROJECT, ids));
      expect(taken).toEqual(['transaction', 'transaction']);
      expect(await store.unsent(PROJECT)).toEqual([]);
    });

    test('a name that is empty or too long for a key is refused', async () => {
      await expect(store.load(PROJECT, '')).rejects.toThrow(UnreadableInput);
      await expect(store.load(PROJECT, 'x'.repeat(401))).rejects.toThrow(/too long/);
      await expect(store.load(PROJECT, 'x'.repeat(400))).resolves.toMatchObject({ run: null });
    });

    test('an id of no outbox row is refused', async () => {
      await expect(store.clearOutbox(PROJECT, ['nonsense'])).rejects.toThrow(UnreadableInput);
    });
  });

  describe('when the table does not answer well', () => {
    test('a busy table is asked again', async () => {
      await begin(store, 'release-1');
      const fates = [503, 500, 408];
      proxy.fateOf = () => fates.shift() ?? 'pass';

      expect(runOf(await store.load(PROJECT, 'release-1')).version).toBe(1);
      expect(fates).toEqual([]);
    });

    test.each([503, 429, 500])('a table that goes on answering %i is a transient failure', async (status) => {
      const first = await begin(store, 'release-1');
      proxy.fateOf = () => status;

      await expect(store.load(PROJECT, 'release-1')).rejects.toThrow(TransientFailure);
      await expect(store.commit(next(first))).rejects.toThrow(TransientFailure);
      await expect(store.clearOutbox(PROJECT, ['release-1.1.0'])).rejects.toThrow(TransientFailure);
      await expect(store.listRuns(PROJECT, 5)).rejects.toThrow(TransientFailure);
    });

    test('a table that does not answer in time is a transient failure', async () => {
      proxy.fateOf = () => 'keep-answer';
      const reading = callStorage(
        'read a row',
        (abortSignal) => client.getEntity(PROJECT, runKey('release-1'), { abortSignal }),
        30,
      );

      await expect(reading).rejects.toThrow(TransientFailure);
    });

    test('a table that cannot be reached is a transient failure', async () => {
      const nowhere = await startProxy(storage.tablePort);
      await nowhere.close();
      const connectionString = storage.connectionString.replace(
        `:${storage.tablePort}/`,
        `:${nowhere.port}/`,
      );
      const lost = openTable({ connectionString }, 'slipway', { retries: quickly });

      const loading = new TableStore({ client: lost, content }).load(PROJECT, 'release-1');
      await expect(loading).rejects.toThrow(TransientFailure);
    });

    test('a commit whose answer was lost is a conflict, and loading tells that it was written', async () => {
      const first = await begin(store, 'release-1');
      let lost = 0;
      proxy.fateOf = () => {
        lost += 1;
        return lost === 1 ? 'lose-answer' : 'pass';
      };

      expect(await store.commit(next(first, { effects: [wake('release-1', 7)] }))).toBe('conflict');
      const loaded = await store.load(PROJECT, 'release-1');
      expect(runOf(loaded).version).toBe(2);
      expect(loaded.outbox.map(({ effect }) => effect)).toContainEqual(wake('release-1', 7));
    });

    test('a clearing whose answer was lost is no error', async () => {
      const { outbox } = await begin(store, 'release-1');
      let lost = 0;
      proxy.fateOf = () => {
        lost += 1;
        return lost === 1 ? 'lose-answer' : 'pass';
      };

      await store.clearOutbox(
        PROJECT,
        outbox.map(({ id }) => id),
      );
      expect(await store.unsent(PROJECT)).toEqual([]);
    });

    test('a table that says no is an error that time does not mend', async () => {
      proxy.fateOf = () => 403;

      const loading = store.load(PROJECT, 'release-1');
      await expect(loading).rejects.toThrow(/could not read a row: 403/);
      await expect(loading).rejects.not.toThrow(TransientFailure);
    });

    test('a missing table is an error with its name, not an empty store', async () => {
      const missing = new TableStore({ client: openTable(storage, 'missing'), content });
      const subject = environmentSubject('staging');

      await expect(missing.load(PROJECT, 'release-1')).rejects.toThrow(/404 TableNotFound/);
      await expect(missing.load(PROJECT, subject)).rejects.toThrow(/TableNotFound/);
      const nothing = await store.load(PROJECT, subject);
      await expect(missing.commit(hold(nothing, 'staging'))).rejects.toThrow(/TableNotFound/);
    });

    test('a table that is there already is no error', async () => {
      await begin(store, 'release-1');
      await store.createTable();

      expect(runOf(await store.load(PROJECT, 'release-1')).version).toBe(1);
    });
  });
});
