import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { Change } from '../../release/plan.ts';
import { listOf } from './cluster.ts';
import { thingData } from './memory.ts';

/** The group of the administrators of a workspace. */
const ADMINS = 'admins';

/**
 * What Slipway's identity may not do of a plan, as far as the workspace tells: cluster policies are for administrators.
 * @returns one sentence, or none.
 */
export async function missingRights(changes: readonly Change[], client: DatabricksClient): Promise<string[]> {
  const { userName, groups } = await client.me();
  const policies = changes.filter((change) => thingData(change)?.kind === 'policy');
  if (policies.length === 0 || groups.includes(ADMINS)) return [];
  return [
    `Slipway's identity (${userName}) may not make or change ${listOf(policies.map(({ target }) => target))}: in ` +
      `Databricks only administrators of the workspace may. Add it to the group ${ADMINS} there, or take the policies ` +
      'out of cluster-policies.json and let an administrator make them, then retry.',
  ];
}
