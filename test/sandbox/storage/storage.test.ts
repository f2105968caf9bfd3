import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Storage, startStorage } from '../../../sandbox/storage/start.ts';

const tableOf = (storage: Storage) =>
  TableClient.fromConnectionString(storage.connectionString, 'slipway', { allowInsecureConnection: true });

function containerOf(storage: Storage): ContainerClient {
  return BlobServiceClient.fromConnectionString(storage.connectionString).getContainerClient('content');
}

describe('the storage', () => {
  let storage: Storage;

  beforeAll(async () => {
    storage = await startStorage();
    await tableOf(storage).createTable();
    await containerOf(storage).create();
  });

  afterAll(async () => {
    await storage.stop();
  });

  test('writes a transaction whole or not at all', async () => {
    const table = tableOf(storage);
    await table.submitTransaction([
      ['create', { partitionKey: 'p', rowKey: 'one', n: 1 }],
      ['create', { partitionKey: 'p', rowKey: 'two', n: 2 }],
    ]);
    const failing = table.submitTransaction([
      ['create', { partitionKey: 'p', rowKey: 'three', n: 3 }],
      ['create', { partitionKey: 'p', rowKey: 'one', n: 9 }],
    ]);
    await expect(failing).rejects.toMatchObject({ statusCode: 409 });
    await expect(table.getEntity('p', 'three')).rejects.toMatchObject({ statusCode: 404 });
  });

  test('refuses an update under an old ETag', async () => {
    const table = tableOf(storage);
    const { etag = '' } = await table.createEntity({ partitionKey: 'p', rowKey: 'row', n: 1 });
    await table.updateEntity({ partitionKey: 'p', rowKey: 'row', n: 2 }, 'Replace', { etag });
    const late = table.updateEntity({ partitionKey: 'p', rowKey: 'row', n: 3 }, 'Replace', { etag });
    await expect(late).rejects.toMatchObject({ statusCode: 412 });
  });

  test('keeps blobs', async () => {
    const blob = containerOf(storage).getBlockBlobClient('a/b.bin');
    await blob.uploadData(Buffer.from([0, 1, 255]));
    expect(await blob.downloadToBuffer()).toEqual(Buffer.from([0, 1, 255]));
  });

  test('cannot be reached over the network', async () => {
    const [address] = Object.values(networkInterfaces())
      .flat()
      .filter((one) => one && !one.internal && one.family === 'IPv4');
    const reached = address ? await canConnect(address.address, storage.tablePort) : false;
    expect(reached).toBe(false);
    expect(await canConnect('127.0.0.1', storage.tablePort)).toBe(true);
  });
});

test('a storage with a folder still has everything after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'storage-'));
  try {
    const first = await startStorage({ folder });
    await tableOf(first).createTable();
    await tableOf(first).createEntity({ partitionKey: 'p', rowKey: 'r', n: 1 });
    await containerOf(first).create();
    await containerOf(first).uploadBlockBlob('kept', 'text', 4);
    await first.stop();
    const second = await startStorage({ folder });
    expect(await tableOf(second).getEntity('p', 'r')).toMatchObject({ n: 1 });
    expect((await containerOf(second).getBlobClient('kept').downloadToBuffer()).toString()).toBe('text');
    await second.stop();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const answer = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}
