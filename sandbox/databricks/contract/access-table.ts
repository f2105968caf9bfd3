import { z } from 'zod';
import { int64, operation } from '../../twin/contract.ts';
import { count, flag, paging } from './shapes.ts';

const SECURABLE = '{type}/{full_name}';
const privileges = z.array(z.string());
const assignment = z.strictObject({ principal: z.string(), privileges });

export const getGrants = operation({
  name: 'Grants.get',
  method: 'GET',
  path: `/api/2.1/unity-catalog/permissions/${SECURABLE}`,
  query: z.strictObject({
    ...paging,
    principal: z.string().optional(),
    include_deleted_principals: flag.optional(),
  }),
  responses: {
    200: z.strictObject({
      privilege_assignments: z.array(assignment).optional(),
      next_page_token: z.string().optional(),
    }),
  },
  errors: [400, 404],
});

export const updateGrants = operation({
  name: 'Grants.update',
  method: 'PATCH',
  path: `/api/2.1/unity-catalog/permissions/${SECURABLE}`,
  body: z.strictObject({
    changes: z
      .array(
        z.strictObject({
          principal: z.string().optional(),
          principal_id: int64.optional(),
          add: privileges.optional(),
          remove: privileges.optional(),
        }),
      )
      .optional(),
    omit_permissions_in_response: z.boolean().optional(),
  }),
  responses: { 200: z.strictObject({ privilege_assignments: z.array(assignment).optional() }) },
  errors: [400, 404],
});

const effective = z.strictObject({
  principal: z.string(),
  privileges: z.array(
    z.strictObject({
      privilege: z.string(),
      inherited_from_type: z.string().optional(),
      inherited_from_name: z.string().optional(),
    }),
  ),
});

export const getEffectiveGrants = operation({
  name: 'Grants.get_effective',
  method: 'GET',
  path: `/api/2.1/unity-catalog/effective-permissions/${SECURABLE}`,
  query: z.strictObject({
    max_results: count.optional(),
    page_token: z.string().optional(),
    principal: z.string().optional(),
  }),
  responses: {
    200: z.strictObject({
      privilege_assignments: z.array(effective).optional(),
      next_page_token: z.string().optional(),
    }),
  },
  errors: [400, 404],
});

const who = {
  user_name: z.string().optional(),
  group_name: z.string().optional(),
  service_principal_name: z.string().optional(),
};
const request = z.strictObject({
  access_control_list: z
    .array(z.strictObject({ ...who, permission_level: z.string().optional() }))
    .optional(),
});
const permissions = z.strictObject({
  object_id: z.string(),
  object_type: z.string(),
  access_control_list: z
    .array(
      z.strictObject({
        ...who,
        display_name: z.string().optional(),
        all_permissions: z.array(z.strictObject({ permission_level: z.string(), inherited: z.boolean() })),
      }),
    )
    .optional(),
});
const OBJECT = '/api/2.0/permissions/{type}/{id}';
const errors = [400, 404];
const responses = { 200: permissions };

export const getPermissions = operation({
  name: 'Permissions.get',
  method: 'GET',
  path: OBJECT,
  responses,
  errors,
});

export const setPermissions = operation({
  name: 'Permissions.set',
  method: 'PUT',
  path: OBJECT,
  body: request,
  responses,
  errors,
});

export const updatePermissions = operation({
  name: 'Permissions.update',
  method: 'PATCH',
  path: OBJECT,
  body: request,
  responses,
  errors,
});

const labelled = z.array(
  z.strictObject({ value: z.string(), display: z.string().optional(), primary: z.boolean().optional() }),
);

export const me = operation({
  name: 'CurrentUser.me',
  method: 'GET',
  path: '/api/2.0/preview/scim/v2/Me',
  query: z.strictObject({ attributes: z.string().optional(), excludedAttributes: z.string().optional() }),
  responses: {
    200: z.strictObject({
      id: z.string(),
      userName: z.string(),
      displayName: z.string(),
      active: z.boolean(),
      emails: labelled.optional(),
      groups: labelled.optional(),
      schemas: z.array(z.string()),
    }),
  },
});
