import type { Sabotage } from '../simulator/app.ts';
export interface Mutant {
  readonly name: string;
  readonly sabotage: Sabotage;
}
export function mutantNamed(name: string): Mutant {
  throw new Error(name);
}
