import type { DatabricksClient } from '../engine/databricks-client.ts';
import { Refusal } from '../errors.ts';
import { valuesOf } from './run-inputs.ts';
import type { StepContext } from './step.ts';

/** The workspace of the step's environment, and the variables that say what goes where in it. */
export interface Workspace {
  readonly client: DatabricksClient;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** @throws Refusal when the environment names no workspace. */
export async function workspaceOf(context: StepContext): Promise<Workspace> {
  const { variables } = await valuesOf(context);
  const url = variables.databricksWorkspaceUrl;
  if (url === undefined) throw new Refusal('The variable databricksWorkspaceUrl has no value.');
  const resourceId = variables.databricksWorkspaceResourceId || undefined;
  return { client: context.clients.databricks(url, resourceId), variables };
}
