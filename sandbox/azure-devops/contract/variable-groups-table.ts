import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { count, csv, identity, listOf, PROJECT, text, versioned, versionOnly } from './shapes.ts';

const GROUPS = `${PROJECT}/distributedtask/variablegroups`;

const variable = z.strictObject({
  value: z.string().nullable(),
  isSecret: z.boolean().optional(),
  isReadOnly: z.boolean().optional(),
  enabled: z.boolean().optional(),
  contentType: z.string().optional(),
  expires: z.string().nullable().optional(),
});

const group = z.strictObject({
  variables: z.record(z.string(), variable),
  id: z.int(),
  type: z.enum(['Vsts', 'AzureKeyVault']),
  name: z.string(),
  description: z.string(),
  providerData: z
    .looseObject({ serviceEndpointId: z.string(), vault: z.string(), lastRefreshedOn: z.string() })
    .optional(),
  createdBy: identity,
  createdOn: z.string(),
  modifiedBy: identity,
  modifiedOn: z.string(),
  isShared: z.boolean(),
  variableGroupProjectReferences: z.array(
    z.strictObject({
      projectReference: z.strictObject({ id: z.string(), name: z.string() }),
      name: z.string(),
      description: z.string(),
    }),
  ),
});

export const getGroupsByName = operation({
  name: 'VariableGroups.GetByName',
  method: 'GET',
  path: `${GROUPS}?`,
  query: versioned({
    groupName: text,
    actionFilter: text,
    $top: count,
    continuationToken: text,
    queryOrder: text,
  }),
  responses: { 200: listOf(group) },
});

export const getGroupsById = operation({
  name: 'VariableGroups.GetById',
  method: 'GET',
  path: GROUPS,
  query: versioned({ groupIds: csv.unwrap() }),
  responses: { 200: listOf(group) },
});

export const getGroup = operation({
  name: 'VariableGroups.Get',
  method: 'GET',
  path: `${GROUPS}/{groupId}`,
  query: versionOnly,
  responses: { 200: group },
  errors: [404],
});
