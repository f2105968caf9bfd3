import type { StepKind } from '../steps/step.ts';
import type { ClientsFor } from './clients.ts';
import type { Bus, Clock, ContentStore, Log, Releases, Store } from './ports.ts';

/** All that the engine needs of the world. */
export interface Ports {
  readonly store: Store;
  readonly bus: Bus;
  readonly content: ContentStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly kinds: ReadonlyMap<string, StepKind>;
  readonly clientsFor: ClientsFor;
  readonly releases: Releases;
}
