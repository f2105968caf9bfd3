import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createArm, idOf, values } from './arm-client.ts';

const FOLDER = join(__dirname, '../../../examples/parking-sensors/infrastructure');
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const main = read('main.json');
const parametersOf = (deploymentId: string) => ({
  ...read('main.parameters.dev.json').parameters,
  ...values({ deployment_id: deploymentId }),
});

describe('the infrastructure of the example project', () => {
  test('is deployed with its nested deployments, and their outputs are passed on', async () => {
    const { arm, deploy } = createArm();
    const { body } = await deploy('main', main, parametersOf('b1'));
    expect(body.properties).toMatchObject({
      provisioningState: 'Succeeded',
      outputs: {
        storageAccountName: { type: 'String', value: 'stparkingsensorsdev001' },
        containerName: { value: 'datalake' },
        accessConnectorId: {
          value: idOf('Microsoft.Databricks/accessConnectors', 'ac-parking-sensors-dev'),
        },
      },
    });
    expect(arm.resources().map(({ type }) => type)).toEqual([
      'Microsoft.Storage/storageAccounts',
      'Microsoft.Storage/storageAccounts/blobServices',
      'Microsoft.Storage/storageAccounts/blobServices/containers',
      'Microsoft.Databricks/accessConnectors',
      'Microsoft.Authorization/roleAssignments',
    ]);
    expect(arm.violations()).toEqual([]);
  });

  test('the role assignment goes to the identity of the access connector', async () => {
    const { arm, deploy } = createArm();
    await deploy('main', main, parametersOf('b1'));
    const connector = arm.resource(idOf('Microsoft.Databricks/accessConnectors', 'ac-parking-sensors-dev'));
    const role = arm.resources().find(({ type }) => type.endsWith('roleAssignments'));
    const { principalId } = Object(connector?.added.identity);
    expect(principalId).toMatch(/^[0-9a-f-]{36}$/);
    expect(role?.body.properties).toMatchObject({ principalId, principalType: 'ServicePrincipal' });
  });

  test('deployed again, nothing changes but what only the running deployment can know', async () => {
    const { arm, deploy, whatIf } = createArm();
    await deploy('main', main, parametersOf('b1'));
    const { body } = await whatIf(main, parametersOf('b2'));
    const changes = body.properties.changes.map((one: { changeType: string }) => one.changeType);
    expect(changes.sort()).toEqual(['NoChange', 'NoChange', 'NoChange', 'NoChange', 'Unsupported']);
    expect(arm.violations()).toEqual([]);
  });
});
