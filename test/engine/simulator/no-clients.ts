import type { Clients } from '../../../shared/engine/clients.ts';
import type { Releases } from '../../../shared/engine/ports.ts';

function none(): never {
  throw new Error('the simulated kinds use no clients');
}

/** For kinds that reach the simulator's outside directly. */
export const NO_CLIENTS: Clients = {
  databricks: none,
  arm: none,
  azureDevOps: none,
  keyVault: none,
  appConfiguration: none,
};

export const NO_RELEASES: Releases = {
  add: () => Promise.resolve(),
  find: () => Promise.resolve(null),
  list: () => Promise.resolve([]),
};
