import { z } from 'zod';
import { operation } from '../../twin/contract.ts';
import { flag, paging } from './shapes.ts';

/** What distinguishes one kind of securable in the API of Unity Catalog. */
interface SecurableKind<Info, Create, Update, List> {
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
  /** Whether a securable that holds others can be deleted with `force`. */
  canForce: boolean;
  canBrowse: boolean;
}

/** The five operations of a securable; creating answers 200, never 201. */
export function securableOperations<
  Info extends z.ZodObject,
  Create extends z.ZodObject,
  Update extends z.ZodObject,
  List extends z.ZodObject,
>(kind: SecurableKind<Info, Create, Update, List>) {
  const path = `/api/2.1/unity-catalog/${kind.path}`;
  const one = `${path}/{name}`;
  const get = kind.canBrowse ? z.strictObject({ include_browse: flag.optional() }) : z.strictObject({});
  const remove = kind.canForce ? z.strictObject({ force: flag.optional() }) : z.strictObject({});
  const responses = { 200: kind.info };
  const page = z.strictObject({
    [kind.collection]: z.array(kind.info).optional(),
    next_page_token: z.string().optional(),
  });
  const name = (verb: string) => `${kind.group}.${verb}`;
  const errors = [400, 404, 409];
  return {
    create: operation({ name: name('create'), method: 'POST', path, body: kind.create, responses, errors }),
    get: operation({
      name: name(kind.readName ?? 'get'),
      method: 'GET',
      path: one,
      query: get,
      responses,
      errors: [404],
    }),
    list: operation({
      name: name('list'),
      method: 'GET',
      path,
      query: kind.listQuery,
      responses: { 200: page },
      errors: [400, 404],
    }),
    update: operation({
      name: name('update'),
      method: 'PATCH',
      path: one,
      body: kind.update,
      responses,
      errors,
    }),
    remove: operation({
      name: name('delete'),
      method: 'DELETE',
      path: one,
      query: remove,
      errors: [400, 404],
    }),
  };
}

/** Query fields that every list of securables has. */
export const listFields = { ...paging, include_browse: flag.optional() };
