import { objectOf, stringOf } from '../json.ts';

/** A user that App Service authentication ("EasyAuth") would have signed in. */
export interface SandboxUser {
  /** Object id in the directory. */
  id: string;
  name: string;
  /** App roles. */
  roles: string[];
}

/** Users of the sandbox and who is signed in when a request does not say. */
export interface SandboxUsers {
  users: Record<string, SandboxUser>;
  /** Key into `users`. */
  signedIn: string | undefined;
}

/** A request picks its user with this header, or with the cookie of the same name. */
export const userHeader = 'x-sandbox-user';

/**
 * @param content `{ "users": { "KEY": { "id", "name", "roles": [] } }, "signedIn": "KEY" }`
 * @throws Error when a user lacks id or name
 */
export function readUsers(content: unknown): SandboxUsers {
  const read = objectOf(content);
  const users = Object.entries(objectOf(read.users)).map(
    ([key, value]) => [key, readUser(key, value)] as const,
  );
  return { users: Object.fromEntries(users), signedIn: stringOf(read.signedIn) };
}

function readUser(key: string, value: unknown): SandboxUser {
  const { id, name, roles } = objectOf(value);
  if (typeof id !== 'string' || typeof name !== 'string')
    throw new Error(`The user '${key}' needs an id and a name.`);
  return { id, name, roles: Array.isArray(roles) ? roles.map(String) : [] };
}

type Headers = Record<string, string>;

/**
 * Takes away what only App Service may set, since the app would believe it, and puts in the identity of the user
 * whom the request names. On Azure the platform does both, and it does it only where authentication is switched on.
 *
 * @param headers lower-case names
 * @param signIn undefined: authentication is off
 */
export function applyEasyAuth(headers: Headers, signIn: SandboxUsers | undefined): Headers {
  const kept = Object.entries(headers).filter(
    ([name]) => !/^x-ms-(client-principal|token-)/.test(name) && name !== userHeader,
  );
  const user = signIn?.users[chosenUser(headers) ?? signIn.signedIn ?? ''];
  return { ...Object.fromEntries(kept), ...(user ? principalHeaders(user) : {}) };
}

function chosenUser(headers: Headers): string | undefined {
  const cookie = new RegExp(`(?:^|;\\s*)${userHeader}=([^;]*)`).exec(headers.cookie ?? '')?.[1];
  return headers[userHeader] ?? cookie;
}

function principalHeaders(user: SandboxUser): Headers {
  const objectId = 'http://schemas.microsoft.com/identity/claims/objectidentifier';
  const principal = {
    auth_typ: 'aad',
    claims: [
      { typ: objectId, val: user.id },
      { typ: 'name', val: user.name },
      { typ: 'preferred_username', val: user.name },
      ...user.roles.map((role) => ({ typ: 'roles', val: role })),
    ],
    name_typ: 'name',
    role_typ: 'roles',
  };
  return {
    'x-ms-client-principal': Buffer.from(JSON.stringify(principal)).toString('base64'),
    'x-ms-client-principal-id': user.id,
    'x-ms-client-principal-name': user.name,
    'x-ms-client-principal-idp': 'aad',
  };
}
