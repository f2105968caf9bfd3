import type { TokenCredential } from '@azure/core-auth';

/** The managed identity, without what it costs to load it before a token is needed. */
export function lazyIdentity(clientId: string | null): TokenCredential {
  let loaded: Promise<TokenCredential> | null = null;
  return {
    async getToken(scopes, options) {
      loaded ??= import('./managed-identity.ts').then(({ managedIdentity }) => managedIdentity(clientId));
      return (await loaded).getToken(scopes, options);
    },
  };
}
