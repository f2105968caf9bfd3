import { describe, expect, test } from '@jest/globals';
import type { DatabricksTwin } from '../../sandbox/databricks/twin.ts';
import { exampleBuild } from './builds.ts';
import { newReleaseWorld } from './world.ts';

const PRODUCTION = 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e02';
const STAGING = 'b1d6a2c4-52f0-4d5e-8a39-6a1f4c1f7e03';

/** A world that notes who asked for which resource group, and lets in whom `isAllowed` says. */
function worldWith(isAllowed: (principal: string, group: string) => boolean = () => true) {
  const callers = new Map<string, Set<string>>();
  const permits = (principal: string, _action: string, scope: string) => {
    const group = /\/resourcegroups\/([^/]+)/i.exec(scope)?.[1]?.toLowerCase();
    if (group === undefined) return true;
    callers.set(group, new Set([...(callers.get(group) ?? []), principal]));
    return isAllowed(principal, group);
  };
  const world = newReleaseWorld({ arm: { permits }, identities: { stg: STAGING, prod: PRODUCTION } });
  return { world, callersOf: (group: string) => [...(callers.get(group) ?? [])] };
}

/** Who made what is in Unity Catalog. */
function ownersIn(twin: DatabricksTwin): string[] {
  const owners = [...twin.exportState().matchAll(/"owner":"([^"]+)"/g)].map(([, owner]) => String(owner));
  return [...new Set(owners)];
}

describe('environments with identities of their own', () => {
  test('are deployed by these and by nobody else, from the look ahead to the last test', async () => {
    const { world, callersOf } = worldWith();
    const run = await world.release(await exampleBuild());
    expect(run.status).toBe('succeeded');
    expect(callersOf('rg-parking-sensors-dev')).toEqual(['Slipway']);
    expect(callersOf('rg-parking-sensors-stg')).toEqual([STAGING]);
    expect(callersOf('rg-parking-sensors-prod')).toEqual([PRODUCTION]);
    const { dev, stg, prod } = world.twins.workspaces;
    expect([ownersIn(dev), ownersIn(stg), ownersIn(prod)]).toEqual([['Slipway'], [STAGING], [PRODUCTION]]);
  });

  test('are not deployed by one that has no right there', async () => {
    const { world } = worldWith(
      (principal, group) => group !== 'rg-parking-sensors-prod' || principal === STAGING,
    );
    const run = await world.release(await exampleBuild());
    expect(run.stages[0]?.failure?.reason).toMatch(
      new RegExp(`production, infrastructure: .*The client '${PRODUCTION}' .*role Contributor`),
    );
  });
});
