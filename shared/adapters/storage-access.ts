import type { TokenCredential } from '@azure/core-auth';

/**
 * A storage account: a connection string, or the endpoint of the service that is meant, such as
 * `https://ACCOUNT.table.core.windows.net`, with a credential of Microsoft Entra.
 */
export type StorageAccess =
  | { readonly connectionString: string }
  | { readonly endpoint: string; readonly credential: TokenCredential };

/** How the SDK asks again when storage is busy or cannot be reached. */
export interface RetryTimes {
  readonly maxRetries: number;
  /** Before the first repetition; about twice as long before each further one. */
  readonly retryDelayInMs: number;
  readonly maxRetryDelayInMs: number;
}

/** Seconds in all. What takes longer is the message's business: it is put off. */
export const STORAGE_RETRIES: RetryTimes = { maxRetries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 };
