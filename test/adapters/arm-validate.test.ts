import type { HttpClient } from '@azure/core-rest-pipeline';
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ArmSettings, ArmTwin } from '../../sandbox/arm/arm-twin.ts';
import { createArmClient } from '../../shared/adapters/arm.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { ARM, armClient, armTwin, GROUP, SUBSCRIPTION, storage, template } from '../steps/arm-world.ts';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

const PLACE = { resourceGroup: GROUP, name: 'check' };

let twin: ArmTwin | null = null;

afterEach(() => {
  expect(twin?.violations() ?? []).toEqual([]);
  twin = null;
});

/** Asks the twin about a template with these resources. */
function validate(resources: readonly object[], settings: ArmSettings = {}): Promise<void> {
  const clock = newClock();
  twin = armTwin(clock, settings);
  const source = { template: { ...template({ resources }) }, parameters: {} };
  return underVirtualTime(clock, armClient(twin, clock).validate(PLACE, source));
}

/** Asks somebody who gives these answers, one after the other. */
function validateAt(answers: readonly { status: number; body?: object; location?: string }[]) {
  const clock = newClock();
  const asked: string[] = [];
  const httpClient: HttpClient = {
    async sendRequest(request) {
      asked.push(`${request.method} ${new URL(request.url).pathname}`);
      const { status, body, location } = answers[Math.min(asked.length, answers.length) - 1] ?? {
        status: 200,
      };
      const headers = createHttpHeaders(location === undefined ? {} : { location, 'retry-after': '5' });
      return { request, status, headers, bodyAsText: JSON.stringify(body ?? {}) };
    },
  };
  const shared = { credential: null, clock, limits: new HostLimits(clock), httpClient };
  const client = createArmClient({ subscription: SUBSCRIPTION, armUrl: ARM, ...shared });
  const source = { template: {}, parameters: {} };
  return { asked, end: underVirtualTime(clock, client.validate(PLACE, source)) };
}

describe('validation of a template', () => {
  test('of which nothing is wrong says nothing and deploys nothing', async () => {
    await validate([storage()]);
    expect(twin?.log.counts()).toEqual({ Deployments_Validate: 1 });
    expect(twin?.resources()).toEqual([]);
  });

  test('refuses what the providers do not take', async () => {
    await expect(validate([storage('Not A Name')])).rejects.toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(/^Azure Resource Manager refuses: AccountNameInvalid: /),
    });
  });

  test('waits for an answer that comes later, be it good or bad', async () => {
    await validate([storage()], { validatesLater: true });
    expect(twin?.log.count('OperationResults_Get')).toBeGreaterThan(0);
    await expect(validate([storage('Not A Name')], { validatesLater: true })).rejects.toThrow(
      'AccountNameInvalid',
    );
  });

  test.each([1, 2])(
    'names the right that is missing for %d resources, and the role that has it',
    async (many) => {
      const resources = [storage('one'), storage('two')].slice(0, many);
      const permits: NonNullable<ArmSettings['permits']> = (_who, action) =>
        action !== 'Microsoft.Storage/storageAccounts/write';
      await expect(validate(resources, { permits })).rejects.toMatchObject({
        name: 'Refusal',
        message: expect.stringMatching(
          /does not allow this to Slipway's identity: .*storageAccounts\/write.*role Contributor on the resource group/,
        ),
      });
    },
  );

  test('names the right to validate itself', async () => {
    const permits: NonNullable<ArmSettings['permits']> = (_who, action) => !action.includes('/validate/');
    await expect(validate([storage()], { permits })).rejects.toThrow(
      /deployments\/validate\/action.*role Contributor/,
    );
  });

  test('names a quota that is used up, out of nested errors', async () => {
    const quota = { code: 'QuotaExceeded', message: 'Cores: limit 10, used 8, asked for 4.' };
    const inner = { code: 'PreflightValidationCheckFailed', message: 'Look inside.', details: [quota] };
    const error = { code: 'InvalidTemplateDeployment', message: 'Not valid.', details: [inner] };
    const { end } = validateAt([{ status: 400, body: { error } }]);
    await expect(end).rejects.toMatchObject({
      name: 'Refusal',
      message: 'Azure Resource Manager refuses: QuotaExceeded: Cores: limit 10, used 8, asked for 4.',
    });
  });

  test('takes an error that comes with a success for what it is', async () => {
    const { end } = validateAt([
      { status: 200, body: { error: { code: 'InvalidTemplate', message: 'No.' } } },
    ]);
    await expect(end).rejects.toThrow('Azure Resource Manager refuses: InvalidTemplate: No.');
  });

  test('is asked again after a lost answer, since it changes nothing', async () => {
    const clock = newClock();
    twin = armTwin(clock);
    twin.faults.add({ kind: 'drop', match: 'Deployments_Validate', times: 1, when: 'after' });
    const source = { template: { ...template({}) }, parameters: {} };
    await underVirtualTime(clock, armClient(twin, clock).validate(PLACE, source));
    expect(twin.log.count('Deployments_Validate')).toBe(2);
  });

  test('is given up after half a minute, for another try', async () => {
    const { asked, end } = validateAt([{ status: 202, location: `${ARM}/subscriptions/later` }]);
    await expect(end).rejects.toMatchObject({ name: 'TransientFailure' });
    expect(asked).toHaveLength(7);
  });

  test('follows no link to another host', async () => {
    const { asked, end } = validateAt([{ status: 202, location: 'https://elsewhere.example/later' }]);
    await expect(end).rejects.toThrow('points to another host');
    expect(asked).toHaveLength(1);
  });
});
