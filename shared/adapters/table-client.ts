import type { PipelinePolicy, PipelineRequest } from '@azure/core-rest-pipeline';
import { TableClient } from '@azure/data-tables';
import type { RetryTimes, StorageAccess } from './storage-access.ts';
import { STORAGE_RETRIES } from './storage-access.ts';

/** A request to Table Storage, as its bill names it. */
export type TableOperation = 'read' | 'query' | 'transaction' | 'insert' | 'write' | 'delete' | 'table';

export interface TableOptions {
  /** Called before each request, retries and further pages included; the request waits for it. */
  readonly before?: (operation: TableOperation) => void | Promise<void>;
  readonly retries?: RetryTimes;
}

/** A client of one table. Nothing is sent yet. */
export function openTable(access: StorageAccess, table: string, options: TableOptions = {}): TableClient {
  const { before, retries = STORAGE_RETRIES } = options;
  const clientOptions = {
    retryOptions: { ...retries },
    ...(before === undefined
      ? {}
      : { additionalPolicies: [{ policy: announcing(before), position: 'perRetry' as const }] }),
  };
  if ('endpoint' in access) return new TableClient(access.endpoint, table, access.credential, clientOptions);
  return TableClient.fromConnectionString(access.connectionString, table, {
    ...clientOptions,
    allowInsecureConnection: isOnThisMachine(access.connectionString),
  });
}

/** Azurite speaks plain HTTP; nothing else may. */
function isOnThisMachine(connectionString: string): boolean {
  return /TableEndpoint=http:\/\/(127\.0\.0\.1|localhost)[:/]/i.test(connectionString);
}

function announcing(before: NonNullable<TableOptions['before']>): PipelinePolicy {
  return {
    name: 'announcing',
    async sendRequest(request, next) {
      await before(operationOf(request));
      return next(request);
    },
  };
}

function operationOf({ method, url }: PipelineRequest): TableOperation {
  const path = url.replace(/\?.*$/s, '');
  if (/\/Tables(\(|$)/.test(path)) return 'table';
  if (method === 'POST') return path.endsWith('/$batch') ? 'transaction' : 'insert';
  if (method === 'GET') return path.includes('(PartitionKey=') ? 'read' : 'query';
  return method === 'DELETE' ? 'delete' : 'write';
}
