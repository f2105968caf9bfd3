import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openTable } from '../../shared/adapters/table-client.ts';
import type { Tables } from '../../shared/adapters/table-rows.ts';
import type { Operation } from '../../shared/adapters/table-transaction.ts';
import { writeTogether } from '../../shared/adapters/table-transaction.ts';
import { TransientFailure } from '../../shared/errors.ts';
import { MemoryContent } from './memory-content.ts';

/** One operation's part of an answer, in the form that Azure's documentation shows. */
interface Part {
  readonly status: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

const row = { partitionKey: 'project', rowKey: 'row' };
const operations: readonly Operation[] = [
  { kind: 'insert', row: { ...row, rowKey: 'new' } },
  { kind: 'replace', row: { ...row, rowKey: 'old' }, tag: 'W/"old"' },
  { kind: 'put', row: { ...row, rowKey: 'any' } },
];

describe('what Azure answers to a transaction', () => {
  let server: Server;
  let tables: Tables;
  let parts: readonly Part[] = [];

  beforeAll(async () => {
    server = createServer((incoming, outgoing) => {
      incoming.resume();
      incoming.on('end', () => {
        outgoing.writeHead(202, { 'Content-Type': 'multipart/mixed; boundary=batchresponse_1' });
        outgoing.end(batchOf(parts));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const endpoint = `TableEndpoint=http://127.0.0.1:${port}/account`;
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5;${endpoint};`;
    tables = { client: openTable({ connectionString }, 'slipway'), content: new MemoryContent() };
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('tags are told apart by their place, since only an insert’s answer names its row', async () => {
    const location =
      "Location: https://account.table.core.windows.net/slipway(PartitionKey='project',RowKey='new')";
    parts = [
      { status: '204 No Content', headers: [location, 'ETag: W/"1"'] },
      { status: '204 No Content', headers: ['ETag: W/"2"'] },
      { status: '204 No Content', headers: ['ETag: W/"3"'] },
    ];

    expect(await writeTogether(tables, operations)).toEqual(['W/"1"', 'W/"2"', 'W/"3"']);
  });

  test.each([
    ['409 Conflict', 'EntityAlreadyExists'],
    ['412 Precondition Failed', 'UpdateConditionNotSatisfied'],
    ['404 Not Found', 'ResourceNotFound'],
  ])('%s is a conflict', async (status, code) => {
    parts = [{ status, body: errorBody(code) }];

    expect(await writeTogether(tables, operations)).toBe('conflict');
  });

  test('a table that is being deleted is no conflict but a transient failure', async () => {
    parts = [{ status: '409 Conflict', body: errorBody('TableBeingDeleted') }];

    await expect(writeTogether(tables, operations)).rejects.toThrow(TransientFailure);
  });

  test('an operation that timed out inside of the transaction is a transient failure', async () => {
    parts = [{ status: '500 Internal Server Error', body: errorBody('OperationTimedOut') }];

    await expect(writeTogether(tables, operations)).rejects.toThrow(TransientFailure);
  });

  test('a refusal is an error with its code', async () => {
    parts = [{ status: '400 Bad Request', body: errorBody('EntityTooLarge') }];

    await expect(writeTogether(tables, operations)).rejects.toThrow(/400 EntityTooLarge/);
  });

  test('an answer without a readable reason is never taken for a success', async () => {
    parts = [{ status: '400 Bad Request' }, { status: '204 No Content' }, { status: '204 No Content' }];
    await expect(writeTogether(tables, operations)).rejects.toThrow(/status 400/);

    parts = [{ status: '204 No Content', headers: ['ETag: W/"1"'] }];
    await expect(writeTogether(tables, operations)).rejects.toThrow(/missing/);
  });
});

function errorBody(code: string): string {
  const message = { lang: 'en-US', value: `0:No.\nRequestId:1\nTime:2026-11-23T09:00:00Z` };
  return JSON.stringify({ 'odata.error': { code, message } });
}

function batchOf(parts: readonly Part[]): string {
  const changes = parts.flatMap(({ status, headers = [], body = '' }) => [
    '--changesetresponse_2',
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    '',
    `HTTP/1.1 ${status}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-cache',
    'DataServiceVersion: 3.0;',
    ...headers,
    ...(body === '' ? [] : ['Content-Type: application/json;odata=minimalmetadata']),
    '',
    body,
  ]);
  return [
    '--batchresponse_1',
    'Content-Type: multipart/mixed; boundary=changesetresponse_2',
    '',
    ...changes,
    '--changesetresponse_2--',
    '--batchresponse_1--',
    '',
  ].join('\r\n');
}
