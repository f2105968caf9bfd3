import { describe, expect, test } from '@jest/globals';
import type { ExpressionContext } from '../../../sandbox/arm/expressions/context.ts';
import { evaluateDeep, evaluateText } from '../../../sandbox/arm/expressions/evaluate.ts';
import { ExpressionError, NotYetKnown, type Value } from '../../../sandbox/arm/expressions/value.ts';

const PARAMETERS: Record<string, Value> = {
  name: 'parking',
  tags: { owner: 'Data', nested: { level: 2 } },
  zones: ['a', 'b', 'c'],
  count: 3,
};
const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';

const context: ExpressionContext = {
  scope: {
    tenantId: 'tenant',
    subscriptionId: SUBSCRIPTION,
    resourceGroup: { name: 'rg', location: 'westeurope' },
    deployment: { name: 'main', templateHash: '1' },
  },
  parameter: (name) => PARAMETERS[name] ?? null,
  variable: (name) => `variable ${name}`,
  reference: () => {
    throw new NotYetKnown('state');
  },
  list: () => {
    throw new NotYetKnown('keys');
  },
  loops: { '': 2, sites: 2 },
  lambdaVariables: {},
  userFunction: (name) =>
    name === 'contoso.twice'
      ? { parameters: ['text'], output: "[concat(parameters('text'), parameters('text'))]" }
      : undefined,
};

const value = (text: string) => evaluateText(text, context);

describe('a text of a template', () => {
  test.each([
    ['plain', 'plain'],
    ['[[not an expression]', '[not an expression]'],
    ['[1] and more', '[1] and more'],
    ["['it''s']", "it's"],
    ['[-7]', -7],
    ["[ concat( 'a' , 'b' ) ]", 'ab'],
    ["[CONCAT('a', 'b')]", 'ab'],
  ])('%s is %p', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test.each(['[concat(]', "[concat('a' 'b')]", "['open]", '[parameters]', "[concat('a')) ]", '[§]'])(
    '%s cannot be parsed',
    (text) => {
      expect(() => value(text)).toThrow(ExpressionError);
    },
  );

  test('an unknown function is named in the error', () => {
    expect(() => value('[conkat()]')).toThrow("'conkat' is not valid");
  });
});

describe('members', () => {
  test.each([
    ["[parameters('tags').owner]", 'Data'],
    ["[parameters('tags').OWNER]", 'Data'],
    ["[parameters('tags').nested.level]", 2],
    ["[parameters('tags')['owner']]", 'Data'],
    ["[parameters('zones')[1]]", 'b'],
    ["[parameters('zones')[sub(parameters('count'), 1)]]", 'c'],
    ["[parameters('tags').?missing]", null],
    ["[tryGet(parameters('tags'), 'nested', 'level')]", 2],
    ["[tryGet(parameters('zones'), 9)]", null],
  ])('%s is %p', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test('a missing member is an error that lists what is there', () => {
    expect(() => value("[parameters('tags').missing]")).toThrow("'owner, nested'");
    expect(() => value("[parameters('zones')[9]]")).toThrow(ExpressionError);
  });
});

describe('functions', () => {
  test.each([
    // text
    ["[format('st{0}{1:D3}-{{x}}', 'a', 7)]", 'sta007-{x}'],
    ["[replace('a-b-c', '-', '')]", 'abc'],
    ["[substring('parking', 0, 4)]", 'park'],
    ["[padLeft(7, 3, '0')]", '007'],
    ["[split('a,b;c', createArray(',', ';'))]", ['a', 'b', 'c']],
    ["[join(parameters('zones'), '/')]", 'a/b/c'],
    ["[base64ToString(base64('ü'))]", 'ü'],
    ['[json(\'{"a": [1]}\').a[0]]', 1],
    ["[string(createObject('a', 1))]", '{"a":1}'],
    ["[uri('https://x.net/a/', 'b')]", 'https://x.net/a/b'],
    ["[startsWith('Parking', 'park')]", true],
    ["[guid('a', 'b')]", value("[guid('a-b')]")],
    ["[length(uniqueString('a'))]", 13],
    ["[concat('a', 1, true())]", 'a1True'],
    // collections
    ["[concat(parameters('zones'), createArray('d'))]", ['a', 'b', 'c', 'd']],
    ["[union(createObject('a', createObject('x', 1)), json('{\"a\":{\"y\":2}}'))]", { a: { x: 1, y: 2 } }],
    ['[union(createArray(1, 2), createArray(2, 3))]', [1, 2, 3]],
    ['[intersection(createArray(1, 2, 3), createArray(3, 2))]', [2, 3]],
    ["[contains(parameters('zones'), 'b')]", true],
    ["[contains(parameters('tags'), 'Owner')]", true],
    ["[contains('abc', 'd')]", false],
    ['[empty(createArray())]', true],
    ["[first(parameters('zones'))]", 'a'],
    ["[last('abc')]", 'c'],
    ["[skip(parameters('zones'), 2)]", ['c']],
    ["[take('abc', 2)]", 'ab'],
    ['[range(2, 3)]', [2, 3, 4]],
    ["[items(createObject('b', 2, 'a', 1))[0].key]", 'a'],
    ['[flatten(createArray(createArray(1), createArray(2)))]', [1, 2]],
    ["[coalesce(null(), 'x')]", 'x'],
    // numbers and truth
    ['[div(7, 2)]', 3],
    ['[mod(7, 3)]', 1],
    ["[int('42')]", 42],
    ['[max(createArray(1, 5, 3))]', 5],
    ["[less('a', 'b')]", true],
    ['[and(true(), equals(createArray(1), createArray(1)))]', true],
    ["[not(bool('false'))]", true],
    ['[copyIndex()]', 2],
    ["[copyIndex('sites', 10)]", 12],
    // lambdas and functions of the template
    ["[map(parameters('zones'), lambda('z', toUpper(lambdaVariables('z'))))]", ['A', 'B', 'C']],
    ["[filter(range(0, 5), lambda('n', greater(lambdaVariables('n'), 2)))]", [3, 4]],
    ["[reduce(range(1, 4), 0, lambda('s', 'n', add(lambdaVariables('s'), lambdaVariables('n'))))]", 10],
    [
      "[toObject(parameters('zones'), lambda('z', lambdaVariables('z')), lambda('z', 1))]",
      { a: 1, b: 1, c: 1 },
    ],
    [
      "[sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))]",
      [1, 2, 3],
    ],
    ["[contoso.twice('ab')]", 'abab'],
    // what is left of the plain ones
    ["[array('a')]", ['a']],
    ["[createObject('a', 1, 'b', null())]", { a: 1, b: null }],
    ["[objectKeys(createObject('b', 1, 'a', 2))]", ['a', 'b']],
    ["[shallowMerge(createArray(createObject('a', 1), createObject('a', 2)))]", { a: 2 }],
    ["[intersection(createObject('a', 1, 'b', 2), createObject('a', 1, 'b', 3))]", { a: 1 }],
    ["[union(createObject('a', 1), createObject('a', 2))]", { a: 2 }],
    ["[indexOf('Parking', 'K')]", 3],
    ["[indexOf(parameters('zones'), 'c')]", 2],
    ["[lastIndexOf('abab', 'AB')]", 2],
    ["[endsWith('parking', 'KING')]", true],
    ["[trim(' a ')]", 'a'],
    ["[base64ToJson(base64('[1]'))]", [1]],
    ["[uriComponentToString(uriComponent('a b/c'))]", 'a b/c'],
    ["[mapValues(createObject('a', 1), lambda('v', add(lambdaVariables('v'), 1)))]", { a: 2 }],
    ['[mul(sub(7, 2), 3)]', 15],
    ['[min(3, 1, 2)]', 1],
    ["[float('1.5')]", 1.5],
    ['[bool(0)]', false],
    ['[false()]', false],
    ["[greaterOrEquals('b', 'b')]", true],
    ['[lessOrEquals(2, 1)]', false],
    ["[greater('b', 'a')]", true],
    ['[resourceGroup().name]', 'rg'],
    ['[subscription().subscriptionId]', SUBSCRIPTION],
    ['[tenant().tenantId]', 'tenant'],
    ['[deployment().name]', 'main'],
    ['[environment().suffixes.keyvaultDns]', '.vault.azure.net'],
    ['[dateTimeFromEpoch(0)]', '1970-01-01T00:00:00Z'],
    // dates
    ["[dateTimeAdd('2024-01-31T00:00:00Z', 'P1D', 'yyyy-MM-dd')]", '2024-02-01'],
    ["[dateTimeToEpoch('2024-01-01T00:00:00Z')]", 1_704_067_200],
  ])('%s is %p', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test('guid makes the same version 5 UUID that Azure makes', () => {
    // Reference value: uuid5(11fb06fb-712d-4ddd-98c7-e71bbd588830, 'a-b')
    expect(value("[guid('a', 'b')]")).toBe('2d796349-8c7e-55ec-9624-54ece82ed031');
  });

  test('only the branch of a condition that holds is evaluated', () => {
    expect(value("[if(equals(1, 1), 'yes', parameters('tags').missing)]")).toBe('yes');
    expect(value("[or(true(), bool(parameters('tags').missing))]")).toBe(true);
  });

  test('a value that differs each time is allowed in default values only', () => {
    expect(() => value('[utcNow()]')).toThrow('default value');
    const moment = { now: new Date('2024-02-03T04:05:06Z'), newGuid: () => 'fresh' };
    expect(evaluateText('[utcNow()]', { ...context, moment })).toBe('20240203T040506Z');
    expect(evaluateText("[utcNow('yyyy-MM-dd')]", { ...context, moment })).toBe('2024-02-03');
    expect(evaluateText('[newGuid()]', { ...context, moment })).toBe('fresh');
  });

  test.each([
    '[div(1, 0)]',
    "[substring('abc', 2, 5)]",
    "[add('1', 2)]",
    "[int('x')]",
    "[json('{')]",
    "[less(1, 'a')]",
    '[first(1)]',
    "[createObject('a')]",
    '[if(true(), 1)]',
    "[map(createArray(1), 'x')]",
    "[dateTimeAdd('yesterday', 'P1D')]",
    "[copyIndex('other')]",
  ])('%s is an error', (text) => {
    expect(() => value(text)).toThrow(ExpressionError);
  });
});

describe('ids', () => {
  const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;

  test.each([
    [
      "[resourceId('Microsoft.Storage/storageAccounts', 'st')]",
      `${group}/Microsoft.Storage/storageAccounts/st`,
    ],
    ["[resourceId('A.B/c/d', 'x', 'y')]", `${group}/A.B/c/x/d/y`],
    ["[resourceId('other', 'A.B/c', 'x')]", `${group.replace('/rg/', '/other/')}/A.B/c/x`],
    ["[subscriptionResourceId('A.B/c', 'x')]", `/subscriptions/${SUBSCRIPTION}/providers/A.B/c/x`],
    ["[tenantResourceId('A.B/c', 'x')]", '/providers/A.B/c/x'],
    ["[extensionResourceId('/x', 'A.B/c', 'y')]", '/x/providers/A.B/c/y'],
  ])('%s is %s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  test('names must be as many as the segments of the type', () => {
    expect(() => value("[resourceId('A.B/c/d', 'x')]")).toThrow("requires '2'");
  });
});

describe('a part of a template', () => {
  test('expressions are evaluated at every depth, in names of members too', () => {
    const part = { "[concat('a', 'b')]": [{ deep: "[parameters('name')]" }], plain: 1 };
    expect(evaluateDeep(part, context)).toEqual({ ab: [{ deep: 'parking' }], plain: 1 });
  });

  test('a property loop makes an item for each round', () => {
    const part = { copy: [{ name: 'disks', count: 2, input: { lun: "[copyIndex('disks')]" } }] };
    expect(evaluateDeep(part, context)).toEqual({ disks: [{ lun: 0 }, { lun: 1 }] });
  });

  test('what only the running deployment knows says so', () => {
    expect(() => value("[reference('x').y]")).toThrow(NotYetKnown);
    expect(() => value("[listKeys('x', '2023-01-01').keys[0].value]")).toThrow(NotYetKnown);
  });
});
