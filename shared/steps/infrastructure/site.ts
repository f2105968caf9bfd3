import type { ArmClient, DeploymentPlace, DeploymentSource } from '../../engine/arm-client.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { StepContext } from '../step.ts';
import type { Infrastructure } from './source.ts';

/** Where the step's deployment is, and the client of its subscription. */
export interface Site {
  readonly client: ArmClient;
  readonly place: DeploymentPlace;
}

export function siteOf(context: StepContext, wanted: Infrastructure): Site {
  const { subscription, resourceGroup } = wanted;
  const place = { resourceGroup, name: deploymentName(context, wanted) };
  return { client: context.clients.arm(subscription), place };
}

/** Name of the deployment of one round of the step; another try of it finds the deployment by this name. */
function deploymentName({ project, run, key }: StepContext, { digest }: Infrastructure): string {
  const ours = sha256(canonicalJson([project, key, digest])).slice(0, 16);
  return `slipway-${run.release.replaceAll(/[^\w.()-]+/g, '-').slice(0, 38)}-${ours}`;
}

/** Names the deployments of a release: at most 40 characters, the same for the same release and content. */
export function deploymentIdOf({ run }: StepContext, { digest }: Infrastructure): string {
  return `${run.release.replaceAll(/[^A-Za-z0-9-]+/g, '-').slice(0, 27)}-${digest.slice(0, 12)}`;
}

export function sourceOf(
  { template, parameters, takesDeploymentId }: Infrastructure,
  id: string,
): DeploymentSource {
  const added = takesDeploymentId ? { deployment_id: { value: id } } : {};
  return { template, parameters: { ...parameters, ...added } };
}
