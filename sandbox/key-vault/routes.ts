import { type Answer, empty, json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import * as table from './contract.ts';
import { describeDeleted, describeItem, describeVersion } from './describe.ts';
import { badParameter } from './errors.ts';
import type { Secret } from './state.ts';
import {
  addVersion,
  changeVersion,
  deletedSecretOf,
  readableVersionOf,
  secretOf,
  type Vault,
  versionOf,
} from './vault.ts';

/** Reading and writing secrets. */
export function secretRoutes(vault: Vault): Route[] {
  return [
    route(table.getSecrets, ({ url, query }) =>
      pageOf(
        { url, query },
        secretsOf(vault, false).map((secret) => describeItem(url.origin, secret, versionOf(secret))),
      ),
    ),
    route(table.getSecretVersions, ({ url, query, param }) => {
      const { name, versions } = secretOf(vault, param('secret-name'));
      return pageOf(
        { url, query },
        versions.map((version) => describeVersion(url.origin, name, version)),
      );
    }),
    route(table.getSecret, ({ url, param }) =>
      read(vault, url, [param('secret-name'), param('secret-version')]),
    ),
    route(table.getLatestSecret, ({ url, param }) => read(vault, url, [param('secret-name')])),
    route(table.setSecret, ({ url, body, param }) => {
      const secret = addVersion(vault, param('secret-name'), body);
      const version = versionOf(secret);
      return json({ value: version.value, ...describeVersion(url.origin, secret.name, version) });
    }),
    route(table.updateSecret, ({ url, body, param }) => {
      const secret = secretOf(vault, param('secret-name'));
      const version = versionOf(secret, param('secret-version'));
      const changed = changeVersion(vault, secret, { version, details: body });
      return json(describeVersion(url.origin, secret.name, changed));
    }),
  ];
}

/** Deleting secrets, which can be taken back until they are purged. */
export function deletionRoutes(vault: Vault): Route[] {
  return [
    route(table.deleteSecret, ({ url, param }) => {
      const secret = secretOf(vault, param('secret-name'));
      secret.deletedAt = Math.floor(vault.clock.now() / 1000);
      return json(describeDeleted(url.origin, secret, versionOf(secret)));
    }),
    route(table.getDeletedSecrets, ({ url, query }) =>
      pageOf(
        { url, query },
        secretsOf(vault, true).map((secret) => describeDeleted(url.origin, secret, versionOf(secret))),
      ),
    ),
    route(table.getDeletedSecret, ({ url, param }) => {
      const secret = deletedSecretOf(vault, param('secret-name'));
      return json(describeDeleted(url.origin, secret, versionOf(secret)));
    }),
    route(table.purgeDeletedSecret, ({ param }) => {
      vault.state.secrets.delete(deletedSecretOf(vault, param('secret-name')).name.toLowerCase());
      return empty(204);
    }),
    route(table.recoverDeletedSecret, ({ url, param }) => {
      const secret = deletedSecretOf(vault, param('secret-name'));
      delete secret.deletedAt;
      return json(describeVersion(url.origin, secret.name, versionOf(secret)));
    }),
  ];
}

function read(vault: Vault, url: URL, [name = '', version]: string[]): Answer {
  const secret = secretOf(vault, name);
  const found = readableVersionOf(secret, version);
  return json({ value: found.value, ...describeVersion(url.origin, secret.name, found) });
}

function secretsOf({ state }: Vault, deleted: boolean): Secret[] {
  return [...state.secrets.values()]
    .filter(({ deletedAt }) => (deletedAt !== undefined) === deleted)
    .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
}

const MAX_PAGE_SIZE = 25;

interface PageRequest {
  url: URL;
  query: { maxresults?: string | undefined; $skiptoken?: string | undefined };
}

/** One page; `nextLink` is null on the last one. */
function pageOf({ url, query }: PageRequest, items: readonly object[]): Answer {
  const size = Number(query.maxresults ?? MAX_PAGE_SIZE);
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE_SIZE)
    throw badParameter(`Invalid maxresults: it must be between 1 and ${MAX_PAGE_SIZE}.`);
  const start = Number(Buffer.from(query.$skiptoken ?? '', 'base64url').toString() || 0);
  const end = start + size;
  const next = new URL(url);
  next.searchParams.set('$skiptoken', Buffer.from(String(end)).toString('base64url'));
  return json({ value: items.slice(start, end), nextLink: end < items.length ? next.href : null });
}
