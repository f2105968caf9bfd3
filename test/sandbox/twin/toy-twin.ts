import { z } from 'zod';
import { noBody, operation } from '../../../sandbox/twin/contract.ts';
import { json, Refusal, type TwinRequest } from '../../../sandbox/twin/exchange.ts';
import type { TwinSettings } from '../../../sandbox/twin/model.ts';
import { route } from '../../../sandbox/twin/route.ts';
import { createTwin } from '../../../sandbox/twin/twin.ts';

/** A service with one kind of thing, to test the kernel with. */
const note = z.strictObject({ id: z.string(), text: z.string() });
const errorBody = z.strictObject({ message: z.string() });

const putNote = operation({
  name: 'Notes.put',
  method: 'PUT',
  path: '/notes/{id}',
  body: z.strictObject({
    text: z.string(),
    tags: z.strictObject({ colour: z.string().optional() }).optional(),
  }),
  responses: { 200: note },
});
const getNote = operation({
  name: 'Notes.get',
  method: 'GET',
  path: '/notes/{id}',
  query: z.strictObject({ format: z.string().optional() }),
  responses: { 200: note },
  errors: [404],
});
const dropNote = operation({
  name: 'Notes.delete',
  method: 'DELETE',
  path: '/notes/{id}',
  responses: { 204: noBody },
  errors: [404],
});
const brokenNote = operation({
  name: 'Notes.broken',
  method: 'GET',
  path: '/broken',
  responses: { 200: note },
});
const throwing = operation({ name: 'Notes.throws', method: 'GET', path: '/throws' });
const hello = operation({ name: 'Hello', method: 'GET', path: '/hello', anonymous: true });

export function createNotes(settings: TwinSettings = {}) {
  const state = { notes: new Map<string, string>() };
  const read = (id: string) => {
    const text = state.notes.get(id);
    if (text === undefined) throw new Refusal(json({ message: `no note ${id}` }, 404));
    return { id, text };
  };
  return createTwin({
    ...settings,
    name: 'notes',
    state,
    errorBody,
    wordError: ({ status, why }) => json({ message: why }, status),
    routes: [
      route(putNote, ({ body, param }) => {
        state.notes.set(param('id'), body.text);
        return json(read(param('id')));
      }),
      route(getNote, ({ param }) => json(read(param('id')))),
      route(dropNote, ({ param }) => {
        state.notes.delete(read(param('id')).id);
        return { status: 204 };
      }),
      route(brokenNote, () => json({ id: 1, colour: 'red' })),
      route(throwing, () => {
        throw new Error('a bug');
      }),
      route(hello, () => json({})),
    ],
    controls: [{ method: 'GET', path: '/notes', handle: () => [...state.notes.keys()] }],
  });
}

/** A request to a twin without a socket. */
export function requestOf(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): TwinRequest {
  return { method, url, headers, body: Buffer.from(body === undefined ? '' : JSON.stringify(body)) };
}
