import { describe, expect, test } from '@jest/globals';
import { featureFlags } from '../../shared/steps/feature-flags.ts';
import type { FlagWorld } from './app-configuration-world.ts';
import { FORECAST, flagWorld, flagWrites, KEY, LABEL, ROLLOUT, shareOf } from './app-configuration-world.ts';
import { apply, contentOf, plan, runToEnd } from './step-runner.ts';

const ON = { id: 'map', enabled: true };
const NOW_AT_LAST = { gradual: false };

async function deploy(site: FlagWorld, name: string, flags: readonly object[] | null) {
  site.release(name, flags);
  return runToEnd(featureFlags, site.world);
}

/** What a flag says once its rollout has gone to a step, as the step that moves it writes it. */
async function allAtOnce(site: FlagWorld, name: string, flags: readonly object[]) {
  site.world.input = NOW_AT_LAST;
  await deploy(site, name, flags);
  site.world.input = { gradual: true };
}

describe('a first deployment', () => {
  test('writes each flag as App Configuration and its filters want it, labelled with the environment', async () => {
    const site = flagWorld();
    const steps = [
      { percentage: 0, groups: [{ name: 'testers' }], users: ['ada'], wait_in_minutes: 5 },
      { percentage: 20, groups: [{ name: 'drivers', percentage: 30 }] },
    ];
    const { changes, refused } = await deploy(site, 'r1', [
      { ...FORECAST, rollout: { default: steps } },
      { ...ON },
    ]);
    expect([changes.length, refused]).toEqual([2, null]);
    expect(changes[0]).toMatchObject({
      target: 'feature flag forecast',
      action: 'create',
      before: null,
      detail: 'new: 0 %, group testers, user ada, then 20 %, group drivers (30 %), group testers, user ada',
    });
    const setting = site.flag('forecast');
    expect(setting?.content_type).toBe('application/vnd.microsoft.appconfig.ff+json;charset=utf-8');
    expect(JSON.parse(setting?.value ?? '')).toEqual({
      id: 'forecast',
      description: 'Shows it',
      enabled: true,
      conditions: {
        client_filters: [
          {
            name: 'Microsoft.Targeting',
            parameters: {
              Audience: {
                Users: ['ada'],
                Groups: [{ Name: 'testers', RolloutPercentage: 100 }],
                DefaultRolloutPercentage: 0,
              },
            },
          },
        ],
      },
    });
    expect(setting?.tags).toMatchObject({
      'slipway-project': 'parking-sensors',
      'slipway-release': 'r1',
      'slipway-run': 'r1',
      'slipway-step': '1',
    });
    expect(JSON.parse(site.flag('map')?.value ?? '').conditions).toEqual({ client_filters: [] });
    expect(site.store.violations()).toEqual([]);
  });

  test('begins a rollout at its first step where it is moved on later, and at its last one elsewhere', async () => {
    const gradual = flagWorld();
    await deploy(gradual, 'r1', [FORECAST]);
    expect(shareOf(gradual, 'forecast')).toBe(10);
    const atOnce = flagWorld({}, { input: NOW_AT_LAST });
    await deploy(atOnce, 'r1', [FORECAST]);
    expect(shareOf(atOnce, 'forecast')).toBe(100);
  });

  test('takes over a flag that Slipway did not make, with the tags of others, and says so', async () => {
    const site = flagWorld();
    const value = '{"id":"forecast","enabled":true}';
    site.store.putSetting(`${KEY}forecast`, value, { label: LABEL, tags: { team: 'maps' } });
    const { changes } = await deploy(site, 'r1', [FORECAST]);
    expect(changes[0]?.detail).toMatch(/^takes over a flag that Slipway did not make: 10 %, then 50 %/);
    expect(site.flag('forecast')?.tags).toMatchObject({ team: 'maps', 'slipway-release': 'r1' });
  });
});

describe('a later deployment', () => {
  test('of the same flags plans nothing and writes nothing, with one request', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST, ON]);
    site.store.log.clear();
    expect((await deploy(site, 'r2', [FORECAST, ON])).changes).toEqual([]);
    expect(site.store.log.counts()).toEqual({ GetKeyValues: 1 });
  });

  test('never takes back a rollout of the same declaration, also where only its waits are new', async () => {
    const site = flagWorld();
    await allAtOnce(site, 'r1', [FORECAST]);
    const [first, ...others] = ROLLOUT.prod;
    const prod = [{ ...first, wait_in_minutes: 45 }, ...others];
    expect((await deploy(site, 'r2', [{ ...FORECAST, rollout: { ...ROLLOUT, prod } }])).changes).toEqual([]);
    expect(shareOf(site, 'forecast')).toBe(100);
  });

  test('begins a changed rollout at its first step, and keeps the place of one with a new description', async () => {
    const site = flagWorld();
    await allAtOnce(site, 'r1', [FORECAST]);
    const described = await deploy(site, 'r2', [{ ...FORECAST, description: 'Better' }]);
    expect(described.changes[0]?.detail).toBe('changed: its rollout goes on');
    expect(shareOf(site, 'forecast')).toBe(100);
    const rollout = { prod: [{ percentage: 5, wait_in_minutes: 5 }, { percentage: 100 }] };
    await deploy(site, 'r3', [{ ...FORECAST, rollout }]);
    expect(shareOf(site, 'forecast')).toBe(5);
  });

  test('goes to the last step where no stage moves rollouts any more', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    await allAtOnce(site, 'r2', [FORECAST]);
    expect(shareOf(site, 'forecast')).toBe(100);
  });

  test('removes a flag that left the file, or the whole file, and no flag of others', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST, ON]);
    site.store.putSetting(`${KEY}theirs`, '{}', { label: LABEL });
    site.store.putSetting(`${KEY}map`, '{"enabled":true}', { label: 'dev' });
    const { changes } = await deploy(site, 'r2', [FORECAST]);
    expect(changes.map(({ target, action }) => `${action} ${target}`)).toEqual(['delete feature flag map']);
    await deploy(site, 'r3', null);
    expect([site.flag('map'), site.flag('forecast')]).toEqual([undefined, undefined]);
    expect(site.flag('theirs')).toBeDefined();
    expect(site.store.setting(`${KEY}map`, 'dev')).toBeDefined();
    expect(site.store.violations()).toEqual([]);
  });

  test('without the file never asks a store that holds nothing of ours', async () => {
    const site = flagWorld();
    expect((await deploy(site, 'r1', null)).changes).toEqual([]);
    expect(site.store.log.count()).toBe(0);
    await deploy(site, 'r2', [ON]);
    await deploy(site, 'r3', null);
    site.store.log.clear();
    expect((await deploy(site, 'r4', null)).changes).toEqual([]);
    expect(site.store.log.count()).toBe(0);
    site.rollBackTo('r2');
    await runToEnd(featureFlags, site.world);
    expect(shareOf(site, 'map')).toBe('on');
  });

  test('plans the same whether a rollout has moved meanwhile or not', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.release('r2', [{ ...FORECAST, rollout: { prod: [{ percentage: 30 }] } }]);
    const before = await plan(featureFlags, site.world);
    const later = flagWorld();
    await allAtOnce(later, 'r1', [FORECAST]);
    later.release('r2', [{ ...FORECAST, rollout: { prod: [{ percentage: 30 }] } }]);
    expect(await plan(featureFlags, later.world)).toEqual(before);
  });
});

describe('what people do by hand', () => {
  const off = (value: object) => ({ ...value, enabled: false });
  const more = (value: object) => ({ ...value, conditions: { client_filters: [] } });

  test('a flag that was turned off stays off, whatever the release declares, and the plan says so', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.byHand('forecast', off);
    const changed = { ...FORECAST, rollout: { prod: [{ percentage: 100 }] } };
    const { changes, output } = await deploy(site, 'r2', [changed, ON]);
    expect(changes.map(({ target, detail }) => [target, detail])).toEqual([
      ['feature flag map', 'new: on for everybody (besides: forecast was turned off by hand and stays off)'],
    ]);
    expect(output?.flags).toEqual({ forecast: 'left as it is', map: 'on for everybody' });
    expect(shareOf(site, 'forecast')).toBe('off');
    site.byHand('forecast', (value) => ({ ...value, enabled: true }));
    await deploy(site, 'r3', [changed, ON]);
    expect(shareOf(site, 'forecast')).toBe(100);
  });

  test('a flag that others made and that is off is not turned on', async () => {
    const site = flagWorld();
    site.store.putSetting(`${KEY}forecast`, '{"enabled":false}', { label: LABEL });
    expect((await deploy(site, 'r1', [FORECAST])).changes).toEqual([]);
    expect(site.world.log.join()).toContain('forecast was turned off by hand and stays off');
  });

  test('a flag that the release before declared off is turned on', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [{ ...FORECAST, enabled: false }]);
    expect(shareOf(site, 'forecast')).toBe('off');
    await deploy(site, 'r2', [FORECAST]);
    expect(shareOf(site, 'forecast')).toBe(10);
  });

  test('another change stays until the declaration changes, and is shown when it is taken over', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.byHand('forecast', more);
    expect((await deploy(site, 'r2', [FORECAST])).changes).toEqual([]);
    expect(shareOf(site, 'forecast')).toBe('on');
    const rollout = { prod: [{ percentage: 20 }] };
    const { changes } = await deploy(site, 'r3', [{ ...FORECAST, rollout }]);
    expect(changes[0]?.detail).toBe('takes over what was changed by hand: 20 %');
  });

  test('only saving it again, spelt in another way, is no change', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.byHand('forecast', (value) => ({ ...value }));
    const rollout = { prod: [{ percentage: 20 }] };
    const { changes } = await deploy(site, 'r2', [{ ...FORECAST, rollout }]);
    expect(changes[0]?.detail).toBe('changed: 20 %');
  });

  test('a locked flag, and one of another project, are refused in one list, before anything is written', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST, ON]);
    const { value = '', tags = {} } = site.flag('forecast') ?? {};
    site.store.putSetting(`${KEY}forecast`, value ?? '', { label: LABEL, tags, locked: true });
    const theirs = { ...tags, 'slipway-project': 'other-project' };
    site.store.putSetting(`${KEY}map`, value ?? '', { label: LABEL, tags: theirs });
    site.release('r2', [
      { ...FORECAST, enabled: false },
      { ...ON, description: 'new' },
    ]);
    site.store.log.clear();
    await expect(plan(featureFlags, site.world)).rejects.toThrow(
      'feature-flags.json cannot be deployed. forecast is locked in the store: unlock it there, then retry. ' +
        'map is a flag of the project other-project in the same store and environment: give it another name.',
    );
    expect(flagWrites(site.store)).toBe(0);
  });

  test('a change after the plan was made is not run over', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.release('r2', [{ ...FORECAST, description: 'new' }]);
    const changes = await plan(featureFlags, site.world);
    site.store.removeSetting(`${KEY}forecast`, LABEL);
    expect((await apply(featureFlags, site.world, changes)).refused).toBe(
      'forecast was changed since the plan was made: retry the stage, and look at its new plan.',
    );
  });
});

describe('a rollback', () => {
  test('brings back exactly what stood there before: what was changed, added, removed and taken over', async () => {
    const site = flagWorld();
    site.store.putSetting(`${KEY}taken`, '{"enabled":true}', { label: LABEL, tags: { team: 'maps' } });
    await deploy(site, 'r1', [FORECAST, ON]);
    const contents = () =>
      ['forecast', 'map', 'added', 'taken'].map((id) => {
        const { value, tags, content_type } = site.flag(id) ?? {};
        return { id, value, tags, content_type };
      });
    const before = contents();
    const rollout = { prod: [{ percentage: 1, wait_in_minutes: 1 }, { percentage: 2 }] };
    await deploy(site, 'r2', [
      { ...FORECAST, rollout },
      { ...ON, id: 'added' },
      { ...ON, id: 'taken' },
    ]);
    expect(contents()).not.toEqual(before);
    site.rollBackTo('r1');
    const { changes } = await runToEnd(featureFlags, site.world);
    expect(changes.map(({ target, action }) => `${action} ${target}`)).toEqual([
      'delete feature flag added',
      'update feature flag forecast',
      'create feature flag map',
      'update feature flag taken',
    ]);
    expect(contents()).toEqual(before);
    site.rollBackTo('r1');
    expect((await runToEnd(featureFlags, site.world)).changes).toEqual([]);
    expect(site.store.violations()).toEqual([]);
  });

  test('over several releases finds what the one had that it goes back to', async () => {
    const site = flagWorld();
    const at = (percentage: number) => ({ ...FORECAST, rollout: { prod: [{ percentage }] } });
    await deploy(site, 'r1', [at(10)]);
    const before = site.flag('forecast')?.value;
    await deploy(site, 'r2', [at(20)]);
    await deploy(site, 'r3', [at(30)]);
    site.rollBackTo('r1');
    await runToEnd(featureFlags, site.world);
    expect(site.flag('forecast')?.value).toBe(before);
    expect(site.flag('forecast')?.tags['slipway-release']).toBe('r1');
  });

  test('goes to the last step of the older declaration where nobody knows what stood there', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.store.removeSetting(`${KEY}forecast`, LABEL);
    site.rollBackTo('r1');
    await runToEnd(featureFlags, site.world);
    expect(shareOf(site, 'forecast')).toBe(100);
  });

  test('leaves a flag off that somebody turned off', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    await deploy(site, 'r2', [{ ...FORECAST, description: 'new' }]);
    site.byHand('forecast', (value) => ({ ...value, enabled: false }));
    site.rollBackTo('r1');
    await runToEnd(featureFlags, site.world);
    expect(shareOf(site, 'forecast')).toBe('off');
  });

  test('then the next release goes on as usual, and can be undone as well', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    await deploy(site, 'r2', [ON]);
    site.rollBackTo('r1');
    await runToEnd(featureFlags, site.world);
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual([10, 'none']);
    await deploy(site, 'r3', [ON]);
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual(['none', 'on']);
    site.rollBackTo('r1');
    await runToEnd(featureFlags, site.world);
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual([10, 'none']);
  });
});

describe('trouble on the way', () => {
  test.each(['PutKeyValue', 'DeleteKeyValue'])('a lost answer of %s changes nothing twice', async (match) => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.store.faults.add({ kind: 'drop', match, when: 'after', times: 1 });
    expect((await deploy(site, 'r2', [ON])).refused).toBeNull();
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual(['none', 'on']);
    site.rollBackTo('r1');
    await runToEnd(featureFlags, site.world);
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual([10, 'none']);
    expect(site.store.violations()).toEqual([]);
  });

  test('an interrupted deployment is completed, and remembers what stood there before it', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST, ON]);
    const next = [FORECAST, ON].map((flag) => ({ ...flag, description: 'new' }));
    site.store.faults.add({ kind: 'status', match: 'PutKeyValue', skip: 1, status: 500 });
    await expect(deploy(site, 'r2', next)).rejects.toMatchObject({ name: 'TransientFailure' });
    site.store.faults.clear();
    expect((await deploy(site, 'r2', next)).changes).toHaveLength(1);
    site.rollBackTo('r1');
    await runToEnd(featureFlags, site.world);
    expect(JSON.parse(site.flag('forecast')?.value ?? '').description).toBe('Shows it');
    expect(JSON.parse(site.flag('map')?.value ?? '').description).toBe('');
  });

  test('flags of an interrupted deployment go when the next release does not have them', async () => {
    const site = flagWorld();
    site.store.faults.add({ kind: 'status', match: 'PutKeyValue', skip: 1, status: 500 });
    await expect(deploy(site, 'r1', [FORECAST, ON])).rejects.toMatchObject({ name: 'TransientFailure' });
    site.store.faults.clear();
    await deploy(site, 'r2', []);
    expect([shareOf(site, 'forecast'), shareOf(site, 'map')]).toEqual(['none', 'none']);
  });

  test('a flag that somebody moves at the same moment is looked at again', async () => {
    const site = flagWorld();
    await deploy(site, 'r1', [FORECAST]);
    site.release('r2', [{ ...FORECAST, description: 'new' }]);
    const changes = await plan(featureFlags, site.world);
    site.store.faults.add({ kind: 'latency', match: 'PutKeyValue', latencyInMs: 1_000, times: 1 });
    void site.world.clock.sleep(500).then(() => {
      const { value = '', tags = {} } = site.flag('forecast') ?? {};
      const moved = { ...tags, 'slipway-run': 'r1-again' };
      site.store.putSetting(`${KEY}forecast`, value ?? '', { label: LABEL, tags: moved });
    });
    expect((await apply(featureFlags, site.world, changes)).refused).toBeNull();
    expect(site.flag('forecast')?.tags['slipway-release']).toBe('r2');
    expect(site.store.log.requests().filter(({ status }) => status === 412)).toHaveLength(1);
  });
});

describe('a file with mistakes', () => {
  const refusal = async (flags: readonly object[]) => {
    const site = flagWorld();
    site.release('r1', flags);
    return plan(featureFlags, site.world).then(
      () => 'no refusal',
      (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : ''),
    );
  };

  test('is refused with all of them', async () => {
    const steps = [
      { percentage: 50, wait_in_minutes: 5 },
      { percentage: 20 },
      { percentage: 50, groups: [{ name: 'a' }, { name: 'a' }], wait_in_minutes: 5 },
    ];
    const same = [{ percentage: 50, wait_in_minutes: 5 }, { percentage: 50 }];
    expect(
      await refusal([
        { ...FORECAST, rollout: { prod: steps, prd: same } },
        { ...ON, rollout: { dev: [{ percentage: 1 }] } },
        { ...ON, id: 'MAP' },
      ]),
    ).toBe(
      'Refusal: feature-flags.json cannot be deployed. MAP stands there twice. ' +
        'forecast: no environment has the key prd; there are dev, prod, stg and default. ' +
        'forecast, prod: step 2 has 20 %, which is less than the 50 % before. ' +
        'forecast, prod: step 2 needs wait_in_minutes: only the last one has none. ' +
        'forecast, prod: step 3 names the group a twice. ' +
        'forecast, prod: step 3 is the last one and must have no wait_in_minutes. ' +
        'forecast, prd: step 2 lets nobody in whom the one before does not. ' +
        'map: its rollout has neither prod nor default.',
    );
  });

  test.each([
    ['a share above 100', { rollout: { prod: [{ percentage: 101 }] } }, 'is from 0 to 100'],
    ['a group that falls', { rollout: { prod: [group(50), group(20)] } }, 'less than the 50 % before'],
    ['an unknown key', { percentage: 5 }, 'percentage'],
    ['a name that no key can have', { id: 'a%b' }, 'no %'],
    ['a rollout without steps', { rollout: { prod: [] } }, 'at least one step'],
  ])('%s is one', async (_what, part, text) => {
    const answer = await refusal([{ ...FORECAST, ...part }]);
    expect(answer).toContain('feature-flags.json cannot be deployed.');
    expect(answer).toContain(text);
  });

  function group(percentage: number) {
    const wait = percentage === 50 ? { wait_in_minutes: 5 } : {};
    return { percentage: 10, groups: [{ name: 'a', percentage }], ...wait };
  }
});

describe('the endpoint', () => {
  const withEndpoint = (site: FlagWorld, endpoint: string) => {
    const file = JSON.stringify({ endpoint, feature_flags: [ON] });
    site.world.artifacts = { 'databricks-config': { 'feature-flags.json': file } };
  };
  const output = ['$', '{outputs.store}'].join('');

  test('may be an output: on a first plan all flags are new, later the last one of the environment counts', async () => {
    const site = flagWorld();
    withEndpoint(site, output);
    const changes = await plan(featureFlags, site.world);
    expect(changes.map(({ action }) => action)).toEqual(['create']);
    expect((await apply(featureFlags, site.world, changes)).refused).toBe(
      'The endpoint of feature-flags.json is an output that the infrastructure of this stage does not give.',
    );
    const outputs = { store: 'https://appcs-parking-sensors-dev.azconfig.io' };
    site.world.outputs = { 'production/infrastructure': { outputs } };
    expect((await apply(featureFlags, site.world, changes)).refused).toBeNull();
    site.world.outputs = {};
    const digest = await contentOf(site.world).put(JSON.stringify({ schema: 1, outputs }));
    site.world.inventories = { infrastructure: { digest, uncertain: [] } };
    expect(await plan(featureFlags, site.world)).toEqual([]);
  });

  test('must have a value, and be a store', async () => {
    const site = flagWorld();
    withEndpoint(site, ['$', '{nothing}'].join(''));
    const nothing = ['$', '{nothing}'].join('');
    await expect(plan(featureFlags, site.world)).rejects.toThrow(
      `feature-flags.json uses ${nothing}, which has no value in environment production.`,
    );
    withEndpoint(site, 'https://evil.example');
    await expect(plan(featureFlags, site.world)).rejects.toThrow(
      'which is no address of an App Configuration store',
    );
  });
});
