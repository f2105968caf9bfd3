import { afterAll, beforeAll, describe } from '@jest/globals';
import { type Storage, startStorage } from '../../sandbox/storage/start.ts';
import { openTable } from '../../shared/adapters/table-client.ts';
import { TableStore } from '../../shared/adapters/table-store.ts';
import { MemoryContent } from './memory-content.ts';
import { storeContract } from './store-contract.ts';

describe('the store in Table Storage', () => {
  let storage: Storage;
  let tables = 0;

  beforeAll(async () => {
    storage = await startStorage();
  });

  afterAll(() => storage.stop());

  storeContract(async () => {
    tables += 1;
    const client = openTable(storage, `slipway${tables}`);
    const store = new TableStore({ client, content: new MemoryContent() });
    await store.createTable();
    return store;
  });
});
