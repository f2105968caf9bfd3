/** One version of a secret. Times are in seconds since 1970. */
export interface SecretVersion {
  version: string;
  value: string;
  contentType?: string;
  tags?: Record<string, string>;
  enabled: boolean;
  nbf?: number;
  exp?: number;
  created: number;
  updated: number;
}

/** A secret: its name as it was first written, and its versions, oldest first. */
export interface Secret {
  name: string;
  versions: SecretVersion[];
  /** When it was deleted; it can be recovered until it is purged. */
  deletedAt?: number;
}

/** All that a vault remembers; keys are names in lower case. */
export interface KeyVaultState {
  secrets: Map<string, Secret>;
}
