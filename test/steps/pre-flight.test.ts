import { describe, expect, test } from '@jest/globals';
import { Refusal, TransientFailure } from '../../shared/errors.ts';
import type { Change } from '../../shared/release/plan.ts';
import { preFlight } from '../../shared/steps/pre-flight.ts';
import type { StepContext, StepKind } from '../../shared/steps/step.ts';
import type { World } from './step-runner.ts';
import { newWorld, runToEnd } from './step-runner.ts';

/** A kind that plans these changes and finds these problems, and must never be applied. */
function kind(name: string, parts: Partial<Pick<StepKind, 'plan' | 'check'>> = {}): StepKind {
  return {
    name,
    summary: name,
    apply: async () => {
      throw new Error('nothing is applied in a pre-flight');
    },
    ...parts,
  };
}

function change(target: string, action: Change['action'] = 'create'): Change {
  return { target, action, before: null, after: 'a', class: 'reversible' };
}

const refuses = (why: string) => async () => {
  throw new Refusal(why);
};
const fails = (why: string) => async () => {
  throw new TransientFailure(why);
};

/** The world of a pre-flight with the steps that are still to come, as `environment/step` or `stage/environment/step`. */
function worldBefore(steps: Readonly<Record<string, StepKind>>): { world: World; step: StepKind } {
  const world = newWorld({ stage: 'intake' });
  world.ahead = Object.entries(steps).map(([path, each]) => {
    const [stage = '', environment = stage] = path.split('/').slice(0, -1);
    return { kind: each, world: newWorld({ clock: world.clock, stage, environment }) };
  });
  return { world, step: preFlight([...new Set(Object.values(steps))]) };
}

const list = (text: string) =>
  `The release cannot go through. ${text} Nothing was deployed. Put this right, then retry.`;

describe('where nothing stands in the way', () => {
  test('people see what every environment would change, in all and by step', async () => {
    const changes = [change('a'), change('b', 'update'), change('c', 'delete')];
    const wheel = kind('wheel', { plan: async () => [change('w')] });
    const notebooks = kind('notebooks', { plan: async () => changes });
    const { world, step } = worldBefore({
      'dev/wheel': wheel,
      'dev/notebooks': notebooks,
      'production/wheel': wheel,
      'smoke-tests/production/smoke-tests': kind('smoke-tests', { check: async () => [] }),
    });
    const one = { create: 1, update: 0, delete: 0, run: 0 };
    const three = { create: 1, update: 1, delete: 1, run: 0 };
    expect((await runToEnd(step, world)).output).toEqual({
      environments: {
        dev: { create: 2, update: 1, delete: 1, run: 0, steps: { wheel: one, notebooks: three } },
        production: { ...one, steps: { wheel: one } },
      },
    });
  });

  test('a check is told the plan that was just made', async () => {
    const told: (readonly Change[])[] = [];
    const plan = async () => [change('w')];
    const check = async (_context: StepContext, changes: readonly Change[]) => {
      told.push(changes);
      return [];
    };
    const { world, step } = worldBefore({
      'dev/a': kind('a', { plan, check }),
      'dev/b': kind('b', { check }),
    });
    await runToEnd(step, world);
    expect(told.map((changes) => changes.map(({ target }) => target))).toEqual([['w'], []]);
  });

  test('a rollback is not looked ahead of: nothing but its own plan may stop it', async () => {
    const check = async () => ['no.'];
    const { world, step } = worldBefore({ 'production/wheel': kind('wheel', { check }) });
    expect((await runToEnd(step, world)).refused).not.toBeNull();
    world.kind = 'rollback';
    expect((await runToEnd(step, world)).output).toEqual({ environments: {} });
  });

  test('a run without a later stage goes on at once', async () => {
    const { world, step } = worldBefore({});
    expect((await runToEnd(step, world)).output).toEqual({ environments: {} });
  });
});

describe('all that stands in the way is one list', () => {
  test('of what plans refuse and checks find, in the order of the run', async () => {
    const { world, step } = worldBefore({
      'dev/wheel': kind('wheel', { plan: async () => [] }),
      'staging/databricks-config': kind('databricks-config', { plan: refuses('Two jobs have one name.') }),
      'production/infrastructure': kind('infrastructure', {
        plan: async () => [],
        check: async () => ['No quota is left.', 'A policy forbids it.'],
      }),
    });
    expect((await runToEnd(step, world)).refused).toBe(
      list(
        'staging, databricks-config: Two jobs have one name. production, infrastructure: No quota is left. ' +
          'production, infrastructure: A policy forbids it.',
      ),
    );
  });

  test('in which a cause that several environments share stands once', async () => {
    const wheel = kind('wheel', { plan: refuses('a.whl has no METADATA.') });
    const { world, step } = worldBefore({
      'dev/wheel': wheel,
      'staging/wheel': wheel,
      'production/wheel': wheel,
    });
    expect((await runToEnd(step, world)).refused).toBe(
      list('dev, staging and production, wheel: a.whl has no METADATA.'),
    );
  });

  test('in which a host that does not answer stands once, whatever it was asked', async () => {
    const silent = (path: string) => fails(`GET ${path}: no answer (ENOTFOUND adb-1). Check the address`);
    const { world, step } = worldBefore({
      'staging/wheel': kind('wheel', { plan: async () => [] }),
      'production/unity-catalog': kind('unity-catalog', { plan: silent('/api/2.1/catalogs/a') }),
      'production/notebooks': kind('notebooks', { plan: silent('/api/2.0/workspace/list') }),
    });
    await expect(runToEnd(step, world)).rejects.toMatchObject({
      name: 'TransientFailure',
      message: list('production: no answer (ENOTFOUND adb-1). Check the address.'),
    });
  });

  test('and ends the run at once if one of them would be there at any other try', async () => {
    const { world, step } = worldBefore({
      'staging/notebooks': kind('notebooks', { plan: fails('POST /import: no answer (reset)') }),
      'production/infrastructure': kind('infrastructure', {
        plan: refuses('There is no resource group rg.'),
      }),
    });
    expect((await runToEnd(step, world)).refused).toBe(
      list(
        'production, infrastructure: There is no resource group rg. ' +
          'staging, notebooks: POST /import: no answer (reset).',
      ),
    );
  });

  test('and is not kept from being complete by a kind that breaks', async () => {
    const broken = async () => {
      throw new TypeError('x is not a function');
    };
    const { world, step } = worldBefore({
      'dev/wheel': kind('wheel', { plan: broken }),
      'dev/notebooks': kind('notebooks', { plan: refuses('Too large.') }),
    });
    expect((await runToEnd(step, world)).refused).toBe(
      list('dev, notebooks: Too large. dev, wheel: x is not a function.'),
    );
  });

  test('and never holds a secret that a service repeats', async () => {
    const plan = refuses('Wrong: password=canary-secret');
    const { world, step } = worldBefore({ 'dev/a': kind('a', { plan }) });
    expect((await runToEnd(step, world)).refused).not.toContain('canary');
  });

  test('in which nothing stands that the run would not stop for; the log has it', async () => {
    const { world, step } = worldBefore({
      'dev/a': kind('a', { plan: refuses('Not now.') }),
      'production/b': kind('b', { plan: async () => [] }),
    });
    world.ahead = world.ahead.map((each) => ({ ...each, mayFail: each.kind.name === 'a' }));
    expect((await runToEnd(step, world)).refused).toBeNull();
    expect(world.log).toEqual(['dev, a would fail, which is allowed: Not now.']);
  });

  test('which also names a kind of step that this version does not have', async () => {
    const { world } = worldBefore({ 'dev/dashboards': kind('dashboards') });
    expect((await runToEnd(preFlight([]), world)).refused).toBe(
      list('dev, dashboards: This version of Slipway has no step kind "dashboards".'),
    );
  });
});

describe('looking ahead fits into the time of a function', () => {
  /** A kind whose plan takes so long, and which notes who asked. */
  function slow(timeInMs: number, asked: string[] = []) {
    return kind('slow', {
      plan: async ({ clock, environment }) => {
        asked.push(String(environment));
        await clock.sleep(timeInMs);
        return [change('x')];
      },
    });
  }

  /** Environments in workspaces of their own, or all in one. */
  function inWorkspaces(step: StepKind, urlOf: (environment: string) => string) {
    const made = worldBefore({ 'dev/a': step, 'staging/a': step, 'production/a': step });
    for (const { world } of made.world.ahead)
      world.values.variables.databricksWorkspaceUrl = urlOf(world.environment);
    return made;
  }

  test('all workspaces are looked at side by side', async () => {
    const { world, step } = inWorkspaces(slow(60_000), (environment) => environment);
    const begun = world.clock.now();
    expect((await runToEnd(step, world)).calls).toBe(1);
    expect(world.clock.now() - begun).toBe(60_000);
  });

  test('environments of one workspace have their turns, and what was seen is not looked at again', async () => {
    const asked: string[] = [];
    const { world, step } = inWorkspaces(slow(20_000, asked), () => 'shared');
    const { calls, output } = await runToEnd(step, world);
    expect(calls).toBe(2);
    expect(asked).toEqual(['dev', 'staging', 'production']);
    const one = { create: 1, update: 0, delete: 0, run: 0, steps: expect.anything() };
    expect(output?.environments).toEqual({ dev: one, staging: one, production: one });
  });

  test('problems that were seen before the cut are in the list, in the order of the run', async () => {
    const refusing = kind('slow', {
      plan: async ({ clock, environment }) => {
        await clock.sleep(30_000);
        throw new Refusal(`No ${environment}.`);
      },
    });
    const { world, step } = inWorkspaces(refusing, () => 'shared');
    const { calls, refused } = await runToEnd(step, world);
    expect(calls).toBe(3);
    expect(refused).toBe(
      list('dev, slow: No dev. staging, slow: No staging. production, slow: No production.'),
    );
  });

  test('a cancelled run begins with no further environment', async () => {
    const asked: string[] = [];
    const { world, step } = inWorkspaces(slow(20_000, asked), () => 'shared');
    world.clock.sleep(1_000).then(() => world.abort.abort());
    await expect(runToEnd(step, world)).rejects.toThrow('the run was cancelled');
    expect(asked).toEqual(['dev']);
  });
});
