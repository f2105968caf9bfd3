/** What a vault says of the newest version of a secret; never its value. */
export interface SecretVersion {
  readonly version: string;
  /** Why it cannot be used now: `disabled`, `expired`, `not valid yet`; null when it can. */
  readonly unusable: string | null;
}

/** A key vault, as far as a release needs it. */
export interface KeyVaultClient {
  readonly vault: string;
  /**
   * The newest version of a secret; null when there is no such secret.
   * @throws Refusal when Slipway's identity may not look.
   */
  newestVersion(secret: string): Promise<SecretVersion | null>;
}
