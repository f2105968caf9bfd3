import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Storage, startStorage } from '../../sandbox/storage/start.ts';
import { openTable } from '../../shared/adapters/table-client.ts';
import { tableDeliveries } from '../../shared/adapters/table-deliveries.ts';
import { tableProjects } from '../../shared/adapters/table-projects.ts';
import type { Tables } from '../../shared/adapters/table-rows.ts';
import { TableStore } from '../../shared/adapters/table-store.ts';
import type { Delivery } from '../../shared/engine/ports.ts';
import { MemoryContent } from './memory-content.ts';
import { begin, PROJECT, START_AT } from './transitions.ts';

describe('projects and webhooks in the table', () => {
  let storage: Storage;
  let opened: Tables;
  let tables = 0;

  beforeAll(async () => {
    storage = await startStorage();
  });

  afterAll(() => storage.stop());

  beforeEach(async () => {
    tables += 1;
    opened = { client: openTable(storage, `slipway${tables}`), content: new MemoryContent() };
    await new TableStore(opened).createTable();
  });

  describe('projects', () => {
    test('a project that nobody registered is not there', async () => {
      expect(await tableProjects(opened).readProject(PROJECT)).toBeNull();
      expect(await tableProjects(opened).listProjects()).toEqual([]);
    });

    test('a project is read as it was registered, whatever its settings are', async () => {
      const projects = tableProjects(opened);
      for (const settings of [{ pipelines: [1, 'two', null] }, ['list'], 'text', null]) {
        const tag = await projects.registerProject(`with ${JSON.stringify(settings)}`, settings, null);

        const name = `with ${JSON.stringify(settings)}`;
        expect(await projects.readProject(name)).toEqual({ name, settings, tag });
      }
    });

    test('a second registration of a name is a conflict and changes nothing', async () => {
      const projects = tableProjects(opened);
      await projects.registerProject(PROJECT, { number: 1 }, null);

      expect(await projects.registerProject(PROJECT, { number: 2 }, null)).toBe('conflict');
      expect(await projects.readProject(PROJECT)).toMatchObject({ settings: { number: 1 } });
    });

    test('a registration that somebody else has changed since is not overwritten', async () => {
      const projects = tableProjects(opened);
      const first = await projects.registerProject(PROJECT, { number: 1 }, null);
      const second = await projects.registerProject(PROJECT, { number: 2 }, first);

      expect(await projects.registerProject(PROJECT, { number: 3 }, first)).toBe('conflict');
      expect(await projects.readProject(PROJECT)).toEqual({
        name: PROJECT,
        settings: { number: 2 },
        tag: second,
      });
    });

    test('a project named like the registry is a project like any other', async () => {
      const projects = tableProjects(opened);
      await projects.registerProject('projects', {}, null);
      await begin(new TableStore(opened), 'release-1', { project: 'projects' });

      expect((await projects.listProjects()).map(({ name }) => name)).toEqual(['projects']);
    });

    test('projects are listed by name', async () => {
      const projects = tableProjects(opened);
      for (const name of ['c', 'a', 'b']) await projects.registerProject(name, {}, null);

      expect((await projects.listProjects()).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    });
  });

  describe('webhooks', () => {
    function delivery(id: string, change: Partial<Delivery> = {}): Delivery {
      return {
        id,
        at: START_AT,
        source: 'azure-devops',
        eventType: 'build.complete',
        outcome: 'queued',
        why: 'the build succeeded',
        run: 'release-1',
        bytes: 3_819,
        contentDigest: null,
        ...change,
      };
    }

    test('webhooks are listed newest first, as many as asked for', async () => {
      const deliveries = tableDeliveries(opened);
      for (const [index, id] of ['c', 'a', 'b'].entries()) {
        await deliveries.recordDelivery(PROJECT, delivery(id, { at: START_AT + index }));
      }

      expect((await deliveries.listDeliveries(PROJECT, 10)).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
      expect((await deliveries.listDeliveries(PROJECT, 1)).map(({ id }) => id)).toEqual(['b']);
    });

    test('a webhook is read as it was recorded, also twice', async () => {
      const deliveries = tableDeliveries(opened);
      const unreadable = delivery('odd/id?', {
        outcome: 'unreadable',
        why: 'x'.repeat(70_000),
        run: null,
        contentDigest: 'a'.repeat(64),
      });
      await deliveries.recordDelivery(PROJECT, unreadable);
      await deliveries.recordDelivery(PROJECT, unreadable);

      expect(await deliveries.listDeliveries(PROJECT, 10)).toEqual([unreadable]);
    });

    test('a project sees no webhooks of another', async () => {
      await tableDeliveries(opened).recordDelivery('other', delivery('a'));

      expect(await tableDeliveries(opened).listDeliveries(PROJECT, 10)).toEqual([]);
    });
  });
});
