import { describe, expect, test } from '@jest/globals';
import type { ArmSettings } from '../../sandbox/arm/arm-twin.ts';
import { infrastructure } from '../../shared/steps/infrastructure.ts';
import { preFlight } from '../../shared/steps/pre-flight.ts';
import { armWorld, parameterFile, storage, template } from './arm-world.ts';
import { newWorld, runToEnd } from './step-runner.ts';

/** A look ahead at the infrastructure of one environment. */
function lookAhead(settings: ArmSettings = {}) {
  const { world: ahead, twin } = armWorld(settings);
  const resources = [storage('stone', { tags: { id: "[parameters('deployment_id')]" } })];
  const parameters = { deployment_id: { type: 'string' } };
  ahead.artifacts = {
    infrastructure: {
      'main.json': JSON.stringify(template({ parameters, resources })),
      'main.parameters.dev.json': parameterFile({}),
    },
  };
  const intake = newWorld({
    clock: ahead.clock,
    stage: 'intake',
    ahead: [{ kind: infrastructure, world: ahead }],
  });
  return { ahead, twin, look: () => runToEnd(preFlight([infrastructure]), intake) };
}

describe('before the first write, infrastructure', () => {
  test('is planned and validated with the parameters of its environment, and nothing is deployed', async () => {
    const { look, twin } = lookAhead();
    expect((await look()).output).toEqual({
      environments: { dev: expect.objectContaining({ create: 2, update: 0, delete: 0 }) },
    });
    const { OperationResults_Get: polls, ...others } = twin.log.counts();
    expect(others).toEqual({ Deployments_WhatIf: 1, Deployments_Validate: 1 });
    expect(polls).toBeLessThanOrEqual(2);
    expect(twin.violations()).toEqual([]);
  });

  test('is not validated where it is deployed already', async () => {
    const { look, twin, ahead } = lookAhead();
    await runToEnd(infrastructure, ahead);
    twin.log.clear();
    expect((await look()).output).toEqual({
      environments: { dev: expect.objectContaining({ create: 0, update: 0 }) },
    });
    expect(twin.log.count('Deployments_Validate')).toBe(0);
  });

  test('says which right is missing, and that it is one problem, not two', async () => {
    const { look } = lookAhead({ permits: (_who, action) => !action.startsWith('Microsoft.Storage/') });
    const { refused } = await look();
    expect(refused).toMatch(/^The release cannot go through\. dev, infrastructure: .*storageAccounts\/write/);
    expect(refused?.match(/dev, infrastructure/g)).toHaveLength(1);
  });

  test('says what only a validation finds', async () => {
    const { look } = lookAhead({ permits: (_who, action) => !action.includes('/validate/') });
    expect((await look()).refused).toMatch(/dev, infrastructure: .*deployments\/validate\/action/);
  });
});
