/** A Databricks workspace, as far as a release needs it. */
export interface DatabricksClient {
  readonly workspaceUrl: string;
}
