/** Azure DevOps, as far as a release needs it. */
export interface AzureDevOpsClient {
  readonly organization: string;
}
