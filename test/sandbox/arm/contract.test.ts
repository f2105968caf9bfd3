import { deploymentOperations } from '../../../sandbox/arm/contract/deployments-table.ts';
import { resourceGroupOperations } from '../../../sandbox/arm/contract/resource-groups-table.ts';
import { testAgainstSpecification } from '../twin/contract-folder.ts';
import { readSwagger } from '../twin/swagger-spec.ts';

testAgainstSpecification({
  service: 'Azure Resource Manager',
  operations: [...deploymentOperations, ...resourceGroupOperations],
  files: ['arm/deployments-2024-03-01.json'],
  read: (text) => readSwagger(text),
});
