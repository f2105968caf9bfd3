import { z } from 'zod';
import { int64 } from '../../twin/contract.ts';
import { clusterSpec, library } from './cluster-spec.ts';
import { echoed } from './shapes.ts';

const RUN_CONDITIONS = [
  'ALL_SUCCESS',
  'ALL_DONE',
  'NONE_FAILED',
  'AT_LEAST_ONE_SUCCESS',
  'ALL_FAILED',
  'AT_LEAST_ONE_FAILED',
] as const;

/** A task; kinds of tasks that the twin does not know are kept and echoed. */
export const task = z.looseObject({
  task_key: z.string(),
  depends_on: z.array(z.strictObject({ task_key: z.string(), outcome: z.string().optional() })).optional(),
  run_if: z.enum(RUN_CONDITIONS).optional(),
  notebook_task: z
    .strictObject({
      notebook_path: z.string(),
      base_parameters: echoed,
      source: echoed,
      warehouse_id: echoed,
    })
    .optional(),
  python_wheel_task: z
    .strictObject({
      package_name: z.string(),
      entry_point: z.string(),
      named_parameters: echoed,
      parameters: echoed,
    })
    .optional(),
  spark_python_task: z
    .strictObject({ python_file: z.string(), parameters: echoed, source: echoed })
    .optional(),
  libraries: z.array(library).optional(),
  existing_cluster_id: z.string().optional(),
  job_cluster_key: z.string().optional(),
  new_cluster: clusterSpec.optional(),
  environment_key: z.string().optional(),
  timeout_seconds: z.int().optional(),
  email_notifications: echoed,
  description: z.string().optional(),
});

export type Task = z.infer<typeof task>;

export const environment = z.strictObject({
  environment_key: z.string(),
  spec: z.looseObject({ dependencies: z.array(z.string()).optional() }).optional(),
});

const runAs = z.strictObject({
  user_name: z.string().optional(),
  service_principal_name: z.string().optional(),
  group_name: z.string().optional(),
});

/** The settings of a job. */
export const jobSettings = z.strictObject({
  budget_policy_id: echoed,
  continuous: z
    .strictObject({
      pause_status: z.enum(['PAUSED', 'UNPAUSED']).optional(),
      task_retry_mode: echoed,
      maintenance_window: echoed,
    })
    .optional(),
  deployment: echoed,
  description: z.string().optional(),
  edit_mode: echoed,
  email_notifications: echoed,
  environments: z.array(environment).optional(),
  format: z.string().optional(),
  git_source: echoed,
  health: echoed,
  job_clusters: z
    .array(z.strictObject({ job_cluster_key: z.string(), new_cluster: clusterSpec.optional() }))
    .optional(),
  max_concurrent_runs: z.int().optional(),
  name: z.string().optional(),
  notification_settings: echoed,
  parameters: z.array(z.strictObject({ name: z.string(), default: z.string() })).optional(),
  parent_path: echoed,
  performance_target: echoed,
  queue: z.strictObject({ enabled: z.boolean() }).optional(),
  run_as: runAs.optional(),
  schedule: echoed,
  tags: z.record(z.string(), z.string()).optional(),
  tasks: z.array(task).optional(),
  timeout_seconds: z.int().optional(),
  trigger: echoed,
  usage_policy_id: echoed,
  webhook_notifications: echoed,
});

export type JobSettings = z.infer<typeof jobSettings>;

/** Parameters of one run; the twin keeps them and does nothing with them. */
export const runParameters = {
  jar_params: echoed,
  job_parameters: echoed,
  notebook_params: echoed,
  python_named_params: echoed,
  python_params: echoed,
  spark_submit_params: echoed,
  sql_params: echoed,
};

export const jobId = z.strictObject({ job_id: int64 });
