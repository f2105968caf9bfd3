import type { TokenCredential } from '@azure/core-auth';
import { ManagedIdentityCredential } from '@azure/identity';

/** The managed identity of the function app, or a user-assigned one. Loaded only when a token is first needed. */
export function managedIdentity(clientId: string | null): TokenCredential {
  return clientId === null ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
