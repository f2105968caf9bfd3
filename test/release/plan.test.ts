import { describe, expect, test } from '@jest/globals';
import { canonicalJson, sha256 } from '../../shared/release/canonical-json.ts';
import type { Change } from '../../shared/release/plan.ts';
import {
  countChanges,
  isWithin,
  planHash,
  sortChanges,
  stepPlan,
  totalOf,
} from '../../shared/release/plan.ts';

function change(target: string, rest: Partial<Change> = {}): Change {
  return { target, action: 'create', before: null, after: 'new', class: 'reversible', ...rest };
}

describe('canonical JSON', () => {
  test.each([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ b: { d: 1, c: 2 }, a: [{ f: 1, e: 2 }] }, '{"a":[{"e":2,"f":1}],"b":{"c":2,"d":1}}'],
    [{ a: undefined, b: null }, '{"b":null}'],
    [[undefined, 1], '[null,1]'],
    ['a "quoted"\ntext €', '"a \\"quoted\\"\\ntext €"'],
    [1e21, '1e+21'],
    [-0, '0'],
    [{ ä: 1, z: 2, Z: 3 }, '{"Z":3,"z":2,"ä":1}'],
    [{ 10: 'a', 9: 'b' }, '{"10":"a","9":"b"}'],
  ])('of %p is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [10n], [() => 1]])('cannot hold %p', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});

test('SHA-256 is that of the standard', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

describe('the plan of a step', () => {
  test('does not depend on the order in which its changes were found', () => {
    const changes = [change('b'), change('a', { action: 'update' }), change('a', { action: 'delete' })];
    expect(stepPlan([...changes].reverse())).toEqual(stepPlan(changes));
    expect(sortChanges(changes).map(({ target, action }) => `${target} ${action}`)).toEqual([
      'a delete',
      'a update',
      'b create',
    ]);
  });

  test.each([
    ['another content', { after: 'newer' }],
    ['another content before', { before: 'old' }],
    ['another action', { action: 'update' }],
    ['another class', { class: 'forward-only' }],
    ['another detail', { detail: 'two lines' }],
  ] as const)('has another digest with %s', (_what, rest) => {
    expect(stepPlan([change('a', rest)]).digest).not.toBe(stepPlan([change('a')]).digest);
  });

  test('counts its changes by action', () => {
    const counts = countChanges([
      change('a'),
      change('b'),
      change('c', { action: 'run' }),
      change('d', { action: 'delete' }),
    ]);
    expect(counts).toEqual({ create: 2, update: 0, delete: 1, run: 1 });
    expect(totalOf(counts)).toBe(4);
  });
});

describe('the plan hash of a stage', () => {
  const steps = [
    { name: 'wheel', digest: 'one' },
    { name: 'notebooks', digest: 'two' },
  ];

  test('covers the digest of every step', () => {
    expect(planHash(steps)).not.toBe(planHash(steps.map((step) => ({ ...step, digest: 'one' }))));
  });

  test('tells the steps apart', () => {
    expect(planHash(steps)).not.toBe(planHash([...steps].reverse()));
    expect(planHash(steps)).not.toBe(planHash(steps.slice(0, 1)));
  });

  test('is made of nothing else', () => {
    const more = steps.map((step) => ({ ...step, startedAt: 5 }));
    expect(planHash(more)).toBe(planHash(steps));
  });
});

describe('changes are within an approved plan', () => {
  const approved = [change('a'), change('b', { action: 'delete', after: null })];

  test.each([
    ['when there are none', [], true],
    ['when all of them were approved', approved, true],
    ['when some of them are left', approved.slice(1), true],
    ['when only what they replace differs', [change('a', { before: 'half' })], true],
    ['but not with another content', [change('a', { after: 'other' })], false],
    ['but not with another action', [change('a', { action: 'update' })], false],
    ['but not at another target', [change('c')], false],
  ] as const)('%s', (_when, changes, within) => {
    expect(isWithin(changes, approved)).toBe(within);
  });
});
