import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { int64, operation } from '../../../sandbox/twin/contract.ts';
import { readSdkSpec } from './sdk-spec.ts';
import { differences } from './spec-comparison.ts';
import { readSwagger } from './swagger-spec.ts';

const sdk = readSdkSpec(
  JSON.stringify({
    operations: [
      {
        operation: 'Things.create',
        method: 'POST',
        path: '/things/{thing_id}',
        query: { force: { type: 'boolean', required: false }, page: { type: 'string', required: true } },
        body: {
          name: { type: 'string', required: true },
          parts: { type: 'array', items: { $ref: 'Part' }, required: false },
        },
        response: { $ref: 'Thing' },
      },
      {
        operation: 'Things.list',
        method: 'GET',
        path: '/things',
        response: { list_item_or_wrapper: 'Thing', keys_read: ['things', 'next_page_token'] },
      },
    ],
    schemas: {
      Thing: {
        properties: {
          id: { type: 'integer' },
          name: { type: 'string' },
          state: { $ref: 'State' },
          states: { type: 'array', items: { $ref: 'State' } },
        },
        required: ['id'],
      },
      State: { enum: ['NEW', 'OLD'] },
      Part: { properties: { size: { type: 'integer' } }, required: ['size'] },
    },
  }),
);

const swagger = readSwagger(
  JSON.stringify({
    paths: {
      '/{org}/_apis/things': {
        get: {
          operationId: 'Things_List',
          parameters: [{ $ref: '#/parameters/version' }],
          responses: { 200: { schema: { type: 'array', items: { $ref: '#/definitions/Thing' } } } },
        },
      },
    },
    parameters: { version: { name: 'api-version', in: 'query', required: true } },
    definitions: {
      Base: { properties: { id: {} } },
      Thing: { allOf: [{ $ref: '#/definitions/Base' }], properties: { name: {} } },
    },
  }),
  { listsAreWrapped: true },
);

const part = z.strictObject({ size: z.number() });
const query = z.strictObject({ force: z.string().optional(), page: z.string() });
const create = operation({
  name: 'create',
  method: 'POST',
  path: '/things/{id}',
  query,
  body: z.strictObject({ name: z.string(), parts: z.array(part).optional() }),
  responses: { 200: z.strictObject({ id: int64, name: z.string() }) },
});

describe('the comparison of a table with a specification', () => {
  test('a table that agrees has no differences', () => {
    const item = z.strictObject({ id: int64 });
    const page = z.strictObject({ things: z.array(item).optional(), next_page_token: z.string().optional() });
    const listing = operation({ name: 'list', method: 'GET', path: '/things', responses: { 200: page } });
    expect(differences([create, listing], [sdk])).toEqual([]);
  });

  test('an operation that the service does not have is found', () => {
    const other = operation({ name: 'other', method: 'GET', path: '/things/{id}' });
    expect(differences([other], [sdk])).toEqual(['other: operation: not in the specification']);
  });

  test('fields that the service does not have, at any depth, are found', () => {
    const wrong = {
      ...create,
      query: query.extend({ colour: z.string().optional() }),
      body: z.strictObject({
        name: z.string(),
        parts: z.array(part.extend({ weight: z.number().optional() })),
      }),
      responses: { 200: z.strictObject({ id: int64, etag: z.string() }) },
    };
    expect(differences([wrong], [sdk])).toEqual([
      'create: query.colour: not in the specification',
      'create: body.parts: optional in the specification',
      'create: body.parts.weight: not in the specification',
      'create: response.200.etag: not in the specification',
    ]);
  });

  test('a required field that the table leaves out or makes optional is found', () => {
    const lax = {
      ...create,
      query: z.strictObject({ force: z.string().optional() }),
      body: z.strictObject({ name: z.string().optional() }),
      responses: { 200: z.strictObject({ id: int64.optional() }) },
    };
    expect(differences([lax], [sdk])).toEqual([
      'create: query.page: required by the specification',
      'create: body.name: required by the specification',
      'create: response.200.id: required by the specification',
    ]);
  });

  test('a value that the service does not know is found, also in a list; values that a twin leaves out are not', () => {
    const states = (...values: [string, ...string[]]) => {
      const state = z.enum(values);
      const thing = z.strictObject({ id: int64, state: state.optional(), states: z.array(state) });
      return { ...create, responses: { 200: thing } };
    };
    expect(differences([states('OLD')], [sdk])).toEqual([]);
    expect(differences([states('OLD', 'BROKEN')], [sdk])).toEqual([
      'create: response.200.state: "BROKEN" is not in the specification',
      'create: response.200.states: "BROKEN" is not in the specification',
    ]);
    const one = { ...create, responses: { 200: z.strictObject({ id: int64, state: z.literal('GONE') }) } };
    expect(differences([one], [sdk])).toEqual([
      'create: response.200.state: "GONE" is not in the specification',
    ]);
  });

  test('a field of another type is found', () => {
    const wrong = {
      ...create,
      body: z.strictObject({
        name: z.boolean(),
        parts: z.array(z.strictObject({ size: z.string() })).optional(),
      }),
      responses: { 200: z.strictObject({ id: z.string(), states: z.strictObject({}) }) },
    };
    expect(differences([wrong], [sdk])).toEqual([
      'create: body.name: boolean, but string in the specification',
      'create: body.parts.size: string, but number in the specification',
      'create: response.200.id: string, but number in the specification',
      'create: response.200.states: object, but array in the specification',
    ]);
  });

  test('a difference that the table explains is left out', () => {
    const explained = {
      ...create,
      query: z.strictObject({}),
      deviations: { 'query.page': 'servers accept none' },
    };
    expect(differences([explained], [sdk])).toEqual([]);
  });

  test('a reference to another file is followed', () => {
    const file = {
      operations: [{ operation: 'X', method: 'GET', path: '/x', response: { $ref: 'other.Thing' } }],
      schemas: {},
    };
    const other = JSON.stringify({ operations: [], schemas: { Thing: { properties: { id: {} } } } });
    const spec = readSdkSpec(JSON.stringify(file), (name) => (name === 'other' ? other : '{}'));
    const read = (field: string) =>
      operation({
        name: 'x',
        method: 'GET',
        path: '/x',
        responses: { 200: z.strictObject({ [field]: z.number() }) },
      });
    expect(differences([read('id')], [spec])).toEqual([]);
    expect(differences([read('size')], [spec])).toEqual(['x: response.200.size: not in the specification']);
  });

  test('a Swagger list is compared in the form that it has on the wire', () => {
    const list = (item: z.ZodObject, status = 200) =>
      operation({
        name: 'list',
        method: 'GET',
        path: '/{organization}/_apis/things',
        query: z.strictObject({ 'api-version': z.string() }),
        responses: { [status]: z.strictObject({ count: z.number(), value: z.array(item) }) },
      });
    expect(differences([list(z.strictObject({ id: z.number(), name: z.string() }))], [swagger])).toEqual([]);
    expect(differences([list(z.strictObject({ size: z.number() }))], [swagger])).toEqual([
      'list: response.200.value.size: not in the specification',
    ]);
    expect(differences([list(z.strictObject({}), 201)], [swagger])).toEqual([
      'list: response.201: not in the specification',
    ]);
  });
});
