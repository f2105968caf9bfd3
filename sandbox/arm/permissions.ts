const ACTIONS: Record<string, string> = {
  ResourceGroups_CheckExistence: 'Microsoft.Resources/subscriptions/resourceGroups/read',
  ResourceGroups_Get: 'Microsoft.Resources/subscriptions/resourceGroups/read',
  ResourceGroups_CreateOrUpdate: 'Microsoft.Resources/subscriptions/resourceGroups/write',
  Deployments_CreateOrUpdate: 'Microsoft.Resources/deployments/write',
  Deployments_Delete: 'Microsoft.Resources/deployments/delete',
  Deployments_Cancel: 'Microsoft.Resources/deployments/cancel/action',
  Deployments_Validate: 'Microsoft.Resources/deployments/validate/action',
  Deployments_WhatIf: 'Microsoft.Resources/deployments/whatIf/action',
  DeploymentOperations_List: 'Microsoft.Resources/deployments/operations/read',
  OperationStatuses_Get: 'Microsoft.Resources/deployments/operationstatuses/read',
  OperationResults_Get: 'Microsoft.Resources/subscriptions/operationresults/read',
};

/** What a role must allow for an operation, as role definitions name it. */
export function actionOf(operation: string): string {
  return ACTIONS[operation] ?? 'Microsoft.Resources/deployments/read';
}
