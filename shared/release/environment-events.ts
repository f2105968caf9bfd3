import type { TellRun } from './effects.ts';
import { MOST_TOLD } from './environment-lock.ts';
import type { EnvironmentEvent } from './events.ts';
import type { Environment } from './model.ts';

/** What comes of something that a person does to an environment. */
export type EnvironmentDecision =
  | { readonly environment: Environment; readonly effects: readonly TellRun[] }
  | { readonly ignored: string };

/** Freezes and holds: pure, like `decide`. Runs that wait for the environment are told to look again. */
export function decideEnvironment(environment: Environment, event: EnvironmentEvent): EnvironmentDecision {
  const change = changeBy(environment, event);
  if (typeof change === 'string') return { ignored: change };
  const effects = environment.waiting
    .filter((entry) => entry.waitsFor === 'environment')
    .slice(0, MOST_TOLD)
    .map(({ run }): TellRun => {
      return {
        type: 'tell-run',
        run,
        event: { type: 'environment-freed', at: event.at, environment: environment.name },
      };
    });
  return { environment: { ...environment, ...change, version: environment.version + 1 }, effects };
}

function changeBy(environment: Environment, event: EnvironmentEvent): Partial<Environment> | string {
  const { freezes, hold } = environment;
  const others = freezes.filter((freeze) => !('id' in event) || freeze.id !== event.id);
  switch (event.type) {
    case 'freeze-set': {
      if (event.to <= event.from) return 'the freeze would end before it begins';
      const { id, from, to, why, by } = event;
      return { freezes: [...others.filter((freeze) => freeze.to > event.at), { id, from, to, why, by }] };
    }
    case 'freeze-lifted':
      return others.length === freezes.length ? `there is no freeze ${event.id}` : { freezes: others };
    case 'hold-lifted':
      return hold === null ? 'the environment is not on hold' : { hold: null };
  }
}
