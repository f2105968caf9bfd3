import type { JsonWebKey } from 'node:crypto';

/** An identity that can get tokens: a managed identity, or an application with its own credentials. */
export interface Principal {
  /** What other twins know it by. */
  name: string;
  /** Client id; `appid` in tokens. */
  clientId: string;
  /** Object id of the service principal; `oid` and `sub` in tokens. */
  objectId: string;
  /** Served by the managed identity endpoints; `system` is the one that is used when a request names none. */
  managed?: 'system' | 'user';
  clientSecret?: string;
  /** Which tokens of other issuers it may exchange for its own. */
  federated?: readonly FederatedCredential[];
}

/** A federated credential: an issuer, the subject it vouches for, and the key it signs with (this tenant's own when absent). */
export interface FederatedCredential {
  issuer: string;
  subject: string;
  publicKey?: JsonWebKey;
}

/** All that the twin remembers. */
export interface EntraState {
  tenantId: string;
  principals: Principal[];
  /** Private key of the tenant, made when the first token is signed. */
  signingKey?: JsonWebKey;
}
