import { describe } from '@jest/globals';
import { MemoryStore } from '../engine/simulator/memory-store.ts';
import { storeContract } from './store-contract.ts';

describe('the store in memory', () => {
  storeContract(async () => new MemoryStore(() => 0));
});
