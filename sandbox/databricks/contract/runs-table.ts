import { z } from 'zod';
import { int64, operation } from '../../twin/contract.ts';
import { environment, jobId, jobSettings, runParameters, task } from './job-settings.ts';
import { count, echoed, flag, idText } from './shapes.ts';

const PATH = '/api/2.2/jobs';
const runId = z.strictObject({ run_id: int64 });
const token = z.string().optional();

const state = z.strictObject({
  life_cycle_state: z.enum([
    'QUEUED',
    'BLOCKED',
    'PENDING',
    'RUNNING',
    'TERMINATING',
    'TERMINATED',
    'SKIPPED',
    'INTERNAL_ERROR',
  ]),
  result_state: z.string().optional(),
  state_message: z.string(),
  queue_reason: z.string().optional(),
  user_cancelled_or_timedout: z.boolean(),
});

const status = z.strictObject({
  state: z.enum(['BLOCKED', 'QUEUED', 'PENDING', 'RUNNING', 'TERMINATING', 'TERMINATED']),
  termination_details: z.strictObject({ code: z.string(), type: z.string(), message: z.string() }).optional(),
  queue_details: z.strictObject({ code: z.string(), message: z.string() }).optional(),
});

const times = {
  start_time: z.int(),
  end_time: z.int(),
  setup_duration: z.int(),
  execution_duration: z.int(),
  run_duration: z.int().optional(),
};
const common = { run_id: int64, run_page_url: z.string(), state, status, ...times, attempt_number: z.int() };

const runTask = task.extend(common);
const run = z.strictObject({
  ...common,
  job_id: int64,
  job_run_id: int64,
  number_in_job: int64,
  original_attempt_run_id: int64,
  creator_user_name: z.string(),
  run_name: z.string(),
  run_type: z.enum(['JOB_RUN', 'SUBMIT_RUN']),
  trigger: z.string(),
  overriding_parameters: echoed,
  job_clusters: echoed,
  tasks: z.array(runTask).optional(),
  has_more: z.boolean().optional(),
  repair_history: z
    .array(
      z.strictObject({
        id: int64.optional(),
        type: z.enum(['ORIGINAL', 'REPAIR']),
        start_time: z.int(),
        task_run_ids: z.array(int64),
      }),
    )
    .optional(),
});

const startable = [400, 404];

export const runNow = operation({
  name: 'Jobs.run_now',
  method: 'POST',
  path: `${PATH}/run-now`,
  body: jobId.extend({
    ...runParameters,
    idempotency_token: token,
    only: z.array(z.string()).optional(),
    performance_target: echoed,
    queue: jobSettings.shape.queue,
  }),
  responses: { 200: z.strictObject({ run_id: int64, number_in_job: int64 }) },
  errors: startable,
});

export const submit = operation({
  name: 'Jobs.submit',
  method: 'POST',
  path: `${PATH}/runs/submit`,
  body: jobSettings
    .pick({
      budget_policy_id: true,
      email_notifications: true,
      git_source: true,
      health: true,
      notification_settings: true,
      performance_target: true,
      queue: true,
      run_as: true,
      tags: true,
      timeout_seconds: true,
      usage_policy_id: true,
      webhook_notifications: true,
    })
    .extend({
      access_control_list: echoed,
      environments: z.array(environment).optional(),
      idempotency_token: token,
      run_name: z.string().optional(),
      tasks: z.array(task.omit({ job_cluster_key: true })).optional(),
    }),
  responses: { 200: runId },
  errors: startable,
});

export const get = operation({
  name: 'Jobs.get_run',
  method: 'GET',
  path: `${PATH}/runs/get`,
  query: z.strictObject({
    run_id: idText,
    include_history: flag.optional(),
    include_resolved_values: flag.optional(),
    page_token: z.string().optional(),
  }),
  responses: { 200: run.extend({ next_page_token: z.string().optional() }) },
  errors: [400, 404],
});

export const getOutput = operation({
  name: 'Jobs.get_run_output',
  method: 'GET',
  path: `${PATH}/runs/get-output`,
  query: z.strictObject({ run_id: idText }),
  responses: {
    200: z.strictObject({
      metadata: run,
      notebook_output: z.strictObject({ result: z.string(), truncated: z.boolean() }).optional(),
      logs: z.string().optional(),
      error: z.string().optional(),
      error_trace: z.string().optional(),
    }),
  },
  errors: [400, 404],
});

export const list = operation({
  name: 'Jobs.list_runs',
  method: 'GET',
  path: `${PATH}/runs/list`,
  query: z.strictObject({
    job_id: idText.optional(),
    active_only: flag.optional(),
    completed_only: flag.optional(),
    expand_tasks: flag.optional(),
    limit: count.optional(),
    page_token: z.string().optional(),
    run_type: z.string().optional(),
    start_time_from: count.optional(),
    start_time_to: count.optional(),
  }),
  responses: {
    200: z.strictObject({ runs: z.array(run).optional(), next_page_token: z.string().optional() }),
  },
  errors: [400],
});

export const cancel = operation({
  name: 'Jobs.cancel_run',
  method: 'POST',
  path: `${PATH}/runs/cancel`,
  body: runId,
  errors: [400, 404],
});

export const cancelAll = operation({
  name: 'Jobs.cancel_all_runs',
  method: 'POST',
  path: `${PATH}/runs/cancel-all`,
  body: z.strictObject({ job_id: int64.optional(), all_queued_runs: z.boolean().optional() }),
  errors: [400, 404],
});

export const deleteRun = operation({
  name: 'Jobs.delete_run',
  method: 'POST',
  path: `${PATH}/runs/delete`,
  body: runId,
  errors: [400, 404],
});

export const repair = operation({
  name: 'Jobs.repair_run',
  method: 'POST',
  path: `${PATH}/runs/repair`,
  body: runId.extend({
    ...runParameters,
    latest_repair_id: int64.optional(),
    performance_target: echoed,
    rerun_all_failed_tasks: z.boolean().optional(),
    rerun_dependent_tasks: z.boolean().optional(),
    rerun_tasks: z.array(z.string()).optional(),
  }),
  responses: { 200: z.strictObject({ repair_id: int64 }) },
  errors: [400, 404],
});
