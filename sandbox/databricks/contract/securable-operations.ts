import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { flag, paging } from './shapes.ts';

/** What distinguishes one kind of securable in the API of Unity Catalog. */
interface SecurableKind<Info, Create, Update, List, Remove> {
  /** Operations are named `group.create` and so on. */
  group: string;
  /** Last part of the path and name of the list in a list answer. */
  path: string;
  collection: string;
  info: Info;
  create: Create;
  update: Update;
  listQuery: List;
  /** Volumes read by `read` where the others say `get`. */
  readName?: string;
  removeQuery: Remove;
  canBrowse: boolean;
}

/** The five operations of a securable; creating answers 200, never 201. */
export function securableOperations<
  Info extends z.ZodObject,
  Create extends z.ZodObject,
  Update extends z.ZodObject,
  List extends z.ZodObject,
  Remove extends z.ZodObject,
>(kind: SecurableKind<Info, Create, Update, List, Remove>) {
  const path = `/api/2.1/unity-catalog/${kind.path}`;
  const one = `${path}/{name}`;
  const name = (verb: string) => `${kind.group}.${verb}`;
  const own = { responses: { 200: kind.info }, errors: [400, 404, 409] };
  const page = z.strictObject({
    [kind.collection]: z.array(kind.info).optional(),
    next_page_token: z.string().optional(),
  });
  const paged = { query: kind.listQuery, responses: { 200: page }, errors: [400, 404] };
  const read = {
    query: z.strictObject(kind.canBrowse ? browse : {}),
    responses: own.responses,
    errors: [404],
  };
  const gone = { query: kind.removeQuery, errors: [400, 404] };
  return {
    create: operation({ name: name('create'), method: 'POST', path, body: kind.create, ...own }),
    get: operation({ name: name(kind.readName ?? 'get'), method: 'GET', path: one, ...read }),
    list: operation({ name: name('list'), method: 'GET', path, ...paged }),
    update: operation({ name: name('update'), method: 'PATCH', path: one, body: kind.update, ...own }),
    remove: operation({ name: name('delete'), method: 'DELETE', path: one, ...gone }),
  };
}

const browse = { include_browse: flag.optional() };

/** Query of a delete that takes what is below, or what is in use, with it. */
export const forced = z.strictObject({ force: flag.optional() });

/** Query fields that every list of securables has. */
export const listFields = { ...paging, include_browse: flag.optional() };
