// The data lake of one environment and the identity by which Unity Catalog reaches it.
targetScope = 'resourceGroup'

@description('Name of the project, as registered with Slipway')
param project string

@description('Key of the environment')
@allowed(['dev', 'stg', 'prod'])
param environment string

@description('Azure region')
param location string = resourceGroup().location

@description('Names this deployment; given by Slipway. Never part of a resource name, so a new release renames nothing')
@maxLength(40)
param deployment_id string

@description('Replication of the data lake')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS'])
param storageSku string = 'Standard_LRS'

@description('Container of the data lake')
param containerName string = 'datalake'

@description('Days for which deleted data can be brought back')
@minValue(1)
@maxValue(365)
param deletedDataRetentionInDays int = 7

var storageAccountName = 'st${replace(project, '-', '')}${environment}001'
var tags = {
  project: project
  environment: environment
}

module storage 'modules/storage.bicep' = {
  name: 'storage-${deployment_id}'
  params: {
    storageAccountName: storageAccountName
    location: location
    storageSku: storageSku
    containerName: containerName
    deletedDataRetentionInDays: deletedDataRetentionInDays
    tags: tags
  }
}

module accessConnector 'modules/access-connector.bicep' = {
  name: 'access-connector-${deployment_id}'
  params: {
    accessConnectorName: 'ac-${project}-${environment}'
    location: location
    storageAccountName: storage.outputs.storageAccountName
    tags: tags
  }
}

output storageAccountName string = storage.outputs.storageAccountName
output containerName string = containerName
output accessConnectorId string = accessConnector.outputs.accessConnectorId
