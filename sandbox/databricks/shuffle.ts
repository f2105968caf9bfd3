import type { Chance } from '../twin/chance.ts';

/** The same items in any order: services promise none, so clients must not rely on one. */
export function shuffled<Item>(chance: Chance, items: readonly Item[]): Item[] {
  const drawn = items.map((item) => ({ item, order: chance.random() }));
  return drawn.sort((a, b) => a.order - b.order).map(({ item }) => item);
}
