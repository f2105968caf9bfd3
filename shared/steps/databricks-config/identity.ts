import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import { isApplication } from '../principals.ts';

/** The `run_as` of a name as the API tells it: application ids are of service principals. */
export function runAsOf(name: string): ApiObject {
  return isApplication(name) ? { service_principal_name: name } : { user_name: name };
}

/** Whether two `run_as` mean the same; addresses and ids come back in lower case. Groups are not told. */
export function isSameIdentity(left: unknown, right: unknown): boolean {
  const [one, other] = [nameIn(left), nameIn(right)];
  return one === null || other === null || one === other;
}

function nameIn(runAs: unknown): string | null {
  const { user_name, service_principal_name } = Object(runAs);
  const name = service_principal_name ?? user_name;
  return typeof name === 'string' && name !== '' ? name.toLowerCase() : null;
}

/** A job of which the file may not say whom it runs as. */
interface Job {
  readonly body: ApiObject;
  /** Whether the file names an owner: who that is, such a job may run as. */
  readonly hasOwner: boolean;
  readonly real: ApiObject;
  /** Who made it; null where that was not Slipway. */
  readonly maker: string | null;
}

/**
 * The `run_as` that has to be sent for a job whose file has none: a reset without it keeps what there is. That is
 * Slipway's own identity, which a new job has, too.
 * @returns null when nothing has to be sent.
 */
export async function ownRunAs(
  { body, hasOwner, real, maker }: Job,
  ownName: () => Promise<string>,
): Promise<ApiObject | null> {
  if (body.run_as !== undefined || hasOwner || real.run_as === undefined) return null;
  if (maker !== null && isSameIdentity(real.run_as, runAsOf(maker))) return null;
  const name = await ownName();
  return name === '' || isSameIdentity(real.run_as, runAsOf(name)) ? null : runAsOf(name);
}
