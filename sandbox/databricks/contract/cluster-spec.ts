import { z } from 'zod';
import { echoed } from './shapes.ts';

/** The settings of a cluster; what the twin does not look at is kept and echoed. */
export const clusterSpec = z.strictObject({
  apply_policy_default_values: z.boolean().optional(),
  autoscale: echoed,
  autotermination_minutes: z.int().optional(),
  azure_attributes: echoed,
  cluster_log_conf: echoed,
  cluster_name: z.string().optional(),
  custom_tags: echoed,
  data_security_mode: z.string().optional(),
  docker_image: echoed,
  driver_instance_pool_id: echoed,
  driver_node_type_id: z.string().optional(),
  enable_elastic_disk: z.boolean().optional(),
  enable_local_disk_encryption: z.boolean().optional(),
  init_scripts: echoed,
  instance_pool_id: echoed,
  is_single_node: z.boolean().optional(),
  kind: z.string().optional(),
  node_type_id: z.string().optional(),
  num_workers: z.int().optional(),
  policy_id: z.string().optional(),
  runtime_engine: echoed,
  single_user_name: z.string().optional(),
  spark_conf: echoed,
  spark_env_vars: echoed,
  spark_version: z.string().optional(),
  ssh_public_keys: echoed,
  use_ml_runtime: z.boolean().optional(),
  workload_type: echoed,
});

/** A library of a cluster or of a task; one of the fields is given. */
export const library = z.strictObject({
  whl: z.string().optional(),
  jar: z.string().optional(),
  egg: z.string().optional(),
  requirements: z.string().optional(),
  pypi: z.strictObject({ package: z.string(), repo: z.string().optional() }).optional(),
  maven: z
    .strictObject({
      coordinates: z.string(),
      repo: z.string().optional(),
      exclusions: z.array(z.string()).optional(),
    })
    .optional(),
  cran: echoed,
});
