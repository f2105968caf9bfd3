import { beforeAll, describe, expect, test } from '@jest/globals';
import { kindsAt } from '../engine/simulator/faults.ts';
import { differences } from './deployed.ts';
import { sampleOf } from './parts.ts';
import type { RolledBack } from './rollback-equals.ts';
import {
  ENVIRONMENT,
  faultsAt,
  problemsOf,
  rollBack,
  rollBackByPolicy,
  tryRollBack,
} from './rollback-equals.ts';
import { writesIn } from './twins.ts';

/** All of them are for `npx tsx test/release-on-twins/rollback-command.ts`. */
const SAMPLE = 8;

describe.each(['in-place', 'versioned'] as const)('after a rollback of %s releases', (strategy) => {
  let played: RolledBack;

  beforeAll(async () => {
    played = await rollBack(strategy);
  }, 60_000);

  test('everything is as it was before the release that changed it, or named', () => {
    expect(problemsOf(played)).toEqual([]);
  });

  test('that means something: the release had changed things of every kind', () => {
    const changed = differences(played.before, played.between).map((line) => line.split(' ')[2] ?? '');
    const tools = ['notebook', 'volume-file', 'job', 'cluster', 'policy', 'permission'];
    const expected = [...tools, 'catalog', 'grant', 'resource', 'flag'];
    expect([...new Set(changed)]).toEqual(expect.arrayContaining(expected));
  });

  test('a second thing of the same name and content would be seen', () => {
    const [first = ''] = played.before;
    const after = [...played.before, first];
    expect(problemsOf({ ...played, after })).toEqual([`+ ${first}`]);
  });

  test('the plan had a class for every change', async () => {
    const { w, rollback } = played;
    const digests = rollback.stages.flatMap(({ steps }) => steps.flatMap(({ plan }) => plan?.digest ?? []));
    const changes = digests.flatMap((digest) =>
      JSON.parse(Buffer.from(w.world.contents.get(digest) ?? '[]').toString()),
    );
    expect(changes.length).toBeGreaterThan(4);
    for (const change of changes)
      expect(['reversible', 'compensable', 'forward-only']).toContain(change.class);
  });

  test('a redeploy of the release plans nothing and writes nothing', async () => {
    const { w, first } = played;
    const before = writesIn(w.twins).filter(isDeployment).length;
    const again = await w.redeploy(first, ENVIRONMENT);
    const { changes } = again.stages.find(({ name }) => name === ENVIRONMENT)?.plan ?? {};
    expect(again.status).toBe('succeeded');
    expect(changes).toEqual({ create: 0, update: 0, delete: 0, run: 0 });
    expect(writesIn(w.twins).filter(isDeployment).slice(before)).toEqual([]);
  });

  test(`it is so with a fault at any of its requests (${SAMPLE} of all, spread evenly)`, async () => {
    const all = faultsAt(played.requests);
    const from = strategy === 'in-place' ? 0 : 3;
    const findings: string[] = [];
    for (const fault of sampleOf(all, { count: SAMPLE, kinds: kindsAt('outside').length, from })) {
      findings.push(...(await tryRollBack(played, [fault])));
    }
    expect(findings).toEqual([]);
  }, 90_000);

  test('it is so, too, when failing smoke tests have the policy roll back', async () => {
    const byPolicy = await rollBackByPolicy(strategy);
    expect(problemsOf(byPolicy)).toEqual([]);
    expect(byPolicy.rollback.requestedBy.id).toBe('policy');
    expect(byPolicy.rollback.why).toContain('smoke-tests of build-20002 failed');
  });
});

/** Tests are run anew by every run. */
function isDeployment(operation: string): boolean {
  return operation !== 'Jobs.submit';
}
