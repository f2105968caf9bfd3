import type { ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Storage, startStorage } from '../../sandbox/storage/start.ts';
import { BlobContentStore, openContainer } from '../../shared/adapters/blob-content.ts';
import { TransientFailure, UnreadableInput } from '../../shared/errors.ts';
import { sha256 } from '../../shared/release/canonical-json.ts';
import { type StorageProxy, startProxy } from './proxy.ts';

const retries = { maxRetries: 2, retryDelayInMs: 1, maxRetryDelayInMs: 5 };
const largeInBytes = 5 * 1024 * 1024;

describe('the content store in Blob Storage', () => {
  let storage: Storage;
  let proxy: StorageProxy;
  let container: ContainerClient;
  let requests: string[] = [];
  let containers = 0;

  beforeAll(async () => {
    storage = await startStorage();
    proxy = await startProxy(storage.blobPort);
  });

  afterAll(async () => {
    await proxy.close();
    await storage.stop();
  });

  beforeEach(async () => {
    containers += 1;
    proxy.fateOf = () => 'pass';
    const connectionString = storage.connectionString.replace(`:${storage.blobPort}/`, `:${proxy.port}/`);
    container = openContainer({ connectionString }, `content${containers}`, retries);
    await fresh().createContainer();
    requests = [];
    proxy.fateOf = ({ method }) => {
      requests.push(method ?? '');
      return 'pass';
    };
  });

  /** A store that remembers nothing, as another instance has it. */
  function fresh(): BlobContentStore {
    return new BlobContentStore(container);
  }

  test('content is read back by its digest', async () => {
    const digest = await fresh().put('Grüße 🚗');

    expect(digest).toBe(sha256('Grüße 🚗'));
    expect(Buffer.from(await fresh().get(digest)).toString()).toBe('Grüße 🚗');
    expect(await fresh().has(digest)).toBe(true);
  });

  test.each([0, 1, largeInBytes])('content of %i bytes is read back byte for byte', async (size) => {
    const bytes = new Uint8Array(size).map((_, index) => (index * 31) % 256);
    const digest = await fresh().put(bytes);

    const read = await fresh().get(digest);
    expect(sha256(read)).toBe(digest);
    expect(read.byteLength).toBe(size);
  });

  test('a blob lies where its digest says', async () => {
    const digest = await fresh().put('text');

    const blob = container.getBlobClient(`sha256/${digest.slice(0, 2)}/${digest}`);
    expect(await blob.exists()).toBe(true);
  });

  test('content that is there already is not written again', async () => {
    const digest = await fresh().put('text');
    const blob = container.getBlobClient(`sha256/${digest.slice(0, 2)}/${digest}`);
    const { etag } = await blob.getProperties();

    expect(await fresh().put('text')).toBe(digest);
    expect((await blob.getProperties()).etag).toBe(etag);
  });

  test('missing content is unreadable, not empty', async () => {
    const missing = sha256('never put');

    await expect(fresh().get(missing)).rejects.toThrow(UnreadableInput);
    await expect(fresh().get(missing)).rejects.toThrow(/no content/);
    expect(await fresh().has(missing)).toBe(false);
  });

  test('content that is not what was put is unreadable', async () => {
    const digest = await fresh().put('text');
    const blob = container.getBlockBlobClient(`sha256/${digest.slice(0, 2)}/${digest}`);
    await blob.upload('other', 5);

    await expect(fresh().get(digest)).rejects.toThrow(/damaged/);
  });

  test('what is no digest never becomes the name of a blob', async () => {
    for (const odd of ['', '../secrets', 'A'.repeat(64), 'a'.repeat(63)]) {
      await expect(fresh().get(odd)).rejects.toThrow(UnreadableInput);
    }
    expect(requests).toEqual([]);
  });

  test('a missing container is an error with its name', async () => {
    const missing = new BlobContentStore(openContainer(storage, 'missing', retries));

    await expect(missing.put('text')).rejects.toThrow(/ContainerNotFound/);
    await expect(missing.get(sha256('text'))).rejects.not.toThrow(UnreadableInput);
  });

  test('a container that is there already is no error', async () => {
    const digest = await fresh().put('text');
    await fresh().createContainer();

    expect(await fresh().has(digest)).toBe(true);
  });

  describe('the cache', () => {
    test('content that was put or read is not asked for again', async () => {
      const store = fresh();
      const digest = await store.put('text');
      await store.get(digest);
      await store.has(digest);
      await store.put('text');
      expect(requests).toEqual(['PUT']);

      const reader = fresh();
      await reader.get(digest);
      await reader.get(digest);
      expect(requests).toEqual(['PUT', 'GET']);
    });

    test('what a caller does to its bytes afterwards does not reach the cache', async () => {
      const store = fresh();
      const bytes = Buffer.from('text');
      const digest = await store.put(bytes);
      bytes.fill(0);

      expect(Buffer.from(await store.get(digest)).toString()).toBe('text');
    });

    test('what was used longest ago makes room', async () => {
      const store = new BlobContentStore(container, 80);
      const digests: string[] = [];
      for (let index = 0; index < 8; index += 1) digests.push(await store.put(`content ${index}!`));
      await store.get(digests[0] ?? '');
      await store.put('content 8!');
      requests = [];

      await store.get(digests[0] ?? '');
      expect(requests).toEqual([]);
      await store.get(digests[1] ?? '');
      expect(requests).toEqual(['GET']);
    });

    test('large content is not kept', async () => {
      const store = new BlobContentStore(container, 80);
      const digest = await store.put('eleven char');
      await store.get(digest);

      expect(requests).toEqual(['PUT', 'GET']);
    });
  });

  describe('when the service does not answer well', () => {
    test('a busy service is asked again', async () => {
      const fates = [503, 500];
      proxy.fateOf = () => fates.shift() ?? 'pass';

      const digest = await fresh().put('text');
      expect(await fresh().has(digest)).toBe(true);
      expect(fates).toEqual([]);
    });

    test.each([503, 429])('a service that goes on answering %i is a transient failure', async (status) => {
      proxy.fateOf = () => status;

      await expect(fresh().put('text')).rejects.toThrow(TransientFailure);
      await expect(fresh().get(sha256('text'))).rejects.toThrow(TransientFailure);
      await expect(fresh().has(sha256('text'))).rejects.toThrow(TransientFailure);
    });

    test('a write whose answer was lost has written', async () => {
      let lost = 0;
      proxy.fateOf = () => {
        lost += 1;
        return lost === 1 ? 'lose-answer' : 'pass';
      };

      const digest = await fresh().put('text');
      expect(Buffer.from(await fresh().get(digest)).toString()).toBe('text');
    });

    test('a service that says no is an error that time does not mend', async () => {
      proxy.fateOf = () => 403;

      await expect(fresh().put('text')).rejects.toThrow(/could not write content: 403/);
      await expect(fresh().put('text')).rejects.not.toThrow(TransientFailure);
    });
  });
});
