import { describe, expect, test } from '@jest/globals';
import { compareTemplates, parseRouteTemplate } from '../../../sandbox/functions-host/http/route-template.ts';

describe('a route template', () => {
  test.each<[template: string, path: string, values: Record<string, string> | undefined]>([
    ['api/things', '/api/things', {}],
    ['api/things', '/API/Things/', {}],
    ['api/things', '/api/things/1', undefined],
    ['api/{name}', '/api/a%20b', { name: 'a b' }],
    ['api/{name}', '/api/100%', { name: '100%' }],
    ['api/{name}', '/api/', undefined],
    ['api/{name?}', '/api', {}],
    ['api/{name=none}', '/api', { name: 'none' }],
    ['api/{a}/x/{b}', '/api/1/x/2', { a: '1', b: '2' }],
    ['api/{*rest}', '/api/one/two%2Fthree', { rest: 'one/two%2Fthree' }],
    ['api/{*rest}', '/api', {}],
    ['api/file-{name}.{ending}', '/api/file-a.b.json', { name: 'a', ending: 'b.json' }],
    ['api/{id:int}', '/api/12', { id: '12' }],
    ['api/{id:int}', '/api/x', undefined],
    ['api/{id:int:min(5)}', '/api/4', undefined],
    ['api/{id:int:range(5,9)}', '/api/9', { id: '9' }],
    [
      'api/{id:guid}',
      '/api/0F8FAD5B-D9CB-469F-A165-70867728950E',
      { id: '0F8FAD5B-D9CB-469F-A165-70867728950E' },
    ],
    ['api/{id:length(2,3)}', '/api/abcd', undefined],
    ['api/{id:alpha?}', '/api/abc', { id: 'abc' }],
    ['a.b/{c}', '/aXb/1', undefined],
  ])('%s on %s', (template, path, values) => {
    expect(parseRouteTemplate(template).match(path)).toEqual(values);
  });

  test('with an unknown constraint is refused', () => {
    expect(() => parseRouteTemplate('api/{id:prime}')).toThrow(
      "The route constraint 'prime' is not known here.",
    );
  });

  test('with one parameter twice is refused', () => {
    expect(() => parseRouteTemplate('api/{id}/{ID}')).toThrow('has a parameter twice');
  });
});

test('templates are tried text first, then constrained parameters, then longer before shorter', () => {
  const texts = ['api/{a}', 'api/{a}/b', 'api/x', 'api/{a:int}', 'api/x/{y}', '{*all}'];
  const sorted = texts.map(parseRouteTemplate).sort(compareTemplates);
  expect(sorted.map(({ text }) => text)).toEqual([
    'api/x/{y}',
    'api/x',
    'api/{a:int}',
    'api/{a}/b',
    'api/{a}',
    '{*all}',
  ]);
});
