/** A key vault, as far as a release needs it. */
export interface KeyVaultClient {
  readonly vault: string;
}
