import { z } from 'zod';
import { int64, operation } from '../../twin/contract.ts';
import { jobId, jobSettings } from './job-settings.ts';
import { count, echoed, flag, idText } from './shapes.ts';

const PATH = '/api/2.2/jobs';

const base = {
  job_id: int64,
  created_time: z.int(),
  creator_user_name: z.string(),
  settings: jobSettings,
};

export const create = operation({
  name: 'Jobs.create',
  method: 'POST',
  path: `${PATH}/create`,
  body: jobSettings.extend({ access_control_list: echoed }),
  responses: { 200: jobId },
  errors: [400],
});

export const reset = operation({
  name: 'Jobs.reset',
  method: 'POST',
  path: `${PATH}/reset`,
  body: jobId.extend({ new_settings: jobSettings }),
  errors: [400, 404],
});

export const update = operation({
  name: 'Jobs.update',
  method: 'POST',
  path: `${PATH}/update`,
  body: jobId.extend({
    new_settings: jobSettings.optional(),
    fields_to_remove: z.array(z.string()).optional(),
  }),
  errors: [400, 404],
});

export const deleteJob = operation({
  name: 'Jobs.delete',
  method: 'POST',
  path: `${PATH}/delete`,
  body: jobId,
  errors: [400, 404],
});

export const get = operation({
  name: 'Jobs.get',
  method: 'GET',
  path: `${PATH}/get`,
  query: z.strictObject({
    job_id: idText,
    page_token: z.string().optional(),
    include_trigger_state: flag.optional(),
  }),
  responses: {
    200: z.strictObject({
      ...base,
      run_as_user_name: z.string(),
      has_more: z.boolean().optional(),
      next_page_token: z.string().optional(),
    }),
  },
  errors: [400, 404],
});

export const list = operation({
  name: 'Jobs.list',
  method: 'GET',
  path: `${PATH}/list`,
  query: z.strictObject({
    name: z.string().optional(),
    limit: count.optional(),
    offset: count.optional(),
    page_token: z.string().optional(),
    expand_tasks: flag.optional(),
  }),
  responses: {
    200: z.strictObject({
      jobs: z.array(z.strictObject(base)).optional(),
      next_page_token: z.string().optional(),
    }),
  },
  errors: [400],
});
