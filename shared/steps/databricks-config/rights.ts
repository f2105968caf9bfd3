import type { DatabricksClient } from '../../engine/databricks-client.ts';
import type { Change } from '../../release/plan.ts';
import { listOf } from './cluster.ts';
import { thingData } from './memory.ts';

/** The group of the administrators of a workspace. */
const ADMINS = 'admins';
/** Groups that everybody is in, and through which nobody is an administrator. */
const OF_EVERYBODY = ['users', 'account users'];

/**
 * What Slipway's identity surely may not do of a plan: cluster policies are for administrators. Somebody in another group
 * may be one through it, which the workspace need not tell; Databricks says it in its time then.
 * @returns one sentence, or none.
 */
export async function missingRights(changes: readonly Change[], client: DatabricksClient): Promise<string[]> {
  const { userName, groups } = await client.me();
  const policies = changes.filter((change) => thingData(change)?.kind === 'policy');
  if (policies.length === 0 || !groups.every((group) => OF_EVERYBODY.includes(group))) return [];
  return [
    `Slipway's identity (${userName}) may not make or change ${listOf(policies.map(({ target }) => target))}: in ` +
      `Databricks only administrators of the workspace may. Add it to the group ${ADMINS} there, or take the policies ` +
      'out of cluster-policies.json and let an administrator make them, then retry.',
  ];
}
