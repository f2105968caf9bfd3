import type { DatabricksContext } from './context.ts';
import { refusal } from './errors.ts';
import { pageOf } from './pages.ts';
import { storedPrincipal } from './principals.ts';
import type { Shelf } from './shelves.ts';
import type { Stored } from './state.ts';

/** How many securables the server sends at most on one page. */
const SERVER_PAGE = 100;

/** The refusal of a securable that does not exist. */
export function missing(title: string, name: string) {
  return refusal('NOT_FOUND', `${title} '${name}' does not exist.`);
}

/** Finds a securable, as a change or a child does: these see what a read may not see yet. */
export function find<Info>({ stored, title }: Shelf<Info>, name: string): Stored<Info> {
  const found = stored.get(name.toLowerCase());
  if (!found) throw missing(title, name);
  return found;
}

/** Reads a securable; one that was made a moment ago may still be missing. */
export function read<Info>(context: DatabricksContext, shelf: Shelf<Info>, name: string): Info {
  const found = find(shelf, name);
  const age = context.clock.now() - found.createdAt;
  const hidden = found.hiddenReads > 0 || age < (context.options.hiddenForInMs ?? 0);
  if (found.hiddenReads > 0) found.hiddenReads--;
  if (hidden) throw missing(shelf.title, name);
  return found.info;
}

/** Refuses a name that is taken, with the status that this workspace uses for it. */
export function refuseExisting({ options }: DatabricksContext, shelf: Shelf<unknown>, name: string): void {
  if (!shelf.stored.has(name.toLowerCase())) return;
  throw refusal(shelf.exists, `${shelf.title} '${name}' already exists.`, {
    status: options.existsStatus ?? 400,
  });
}

/** Keeps a new securable; reads see it after the delays of this workspace. */
export function keep<Info extends { name: string; full_name?: string }>(
  context: DatabricksContext,
  { stored }: Shelf<Info>,
  info: Info,
): Info {
  const hiddenReads = context.options.hiddenReads ?? 0;
  const key = (info.full_name ?? info.name).toLowerCase();
  stored.set(key, { info, createdAt: context.clock.now(), hiddenReads });
  return info;
}

/** What of a list request the kinds have in common. */
interface ListQuery {
  max_results?: number | undefined;
  page_token?: string | undefined;
}

/**
 * One page of a list, under the name of its collection. Without `max_results` everything comes at once;
 * with it (0 leaves the size to the server) pages may be empty, and only a missing token says that it is the last.
 */
export function listAnswer(
  context: DatabricksContext,
  { collection, all }: { collection: string; all: readonly object[] },
  query: ListQuery,
) {
  const paged = query.max_results !== undefined;
  const size = paged ? Math.min(query.max_results || SERVER_PAGE, SERVER_PAGE) : all.length || 1;
  const emptyFirst = paged && (context.options.emptyFirstPage ?? true);
  const { items, next } = pageOf(all, { size, token: query.page_token, emptyFirst });
  return { ...(items.length > 0 ? { [collection]: items } : {}), ...next };
}

/** The fields that the server sets on a new securable. */
export function stampsOf({ state, clock }: DatabricksContext, principal: string) {
  const now = clock.now();
  const created = { created_at: now, created_by: principal, updated_at: now, updated_by: principal };
  return { owner: principal, metastore_id: state.metastoreId, ...created };
}

/** Writes the fields of an update that are given, and says who did it; undefined fields stay as they are. */
export function change<Info extends object>(
  { clock }: DatabricksContext,
  stored: Stored<Info>,
  {
    principal,
    fields,
  }: { principal: string; fields: Partial<{ [Key in keyof Info]: Info[Key] | undefined }> },
): Info {
  const given = Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, key === 'owner' ? storedPrincipal(String(value)) : value]),
  );
  stored.info = { ...stored.info, ...given, updated_at: clock.now(), updated_by: principal };
  return stored.info;
}

/** Refuses a name that the server would not take; `type` as in `CreateCatalog` and `CatalogInfo`. */
export function refuseBadName(type: 'Catalog' | 'Schema' | 'Volume', name: string): void {
  if (/^[^\s./\p{Cc}]{1,255}$/u.test(name)) return;
  const field = `managedcatalog.${type}Info.name`;
  const message = `Invalid input: RPC Create${type} Field ${field}: name "${name}" is not a valid name`;
  throw refusal('INVALID_PARAMETER_VALUE', message);
}

/** Renaming moves everything below, which this twin does not mirror. */
export function refuseRename(newName: string | undefined): void {
  if (newName !== undefined) throw refusal('BAD_REQUEST', 'Renaming is not mirrored by this twin.');
}
