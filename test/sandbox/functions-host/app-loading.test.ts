import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Hosted, hostApp } from './hosting.ts';

describe('functions that the real host refuses', () => {
  let host: Hosted;

  beforeAll(async () => {
    host = await hostApp('refused', { settings: { BROKER: 'Endpoint=sb://127.0.0.1:1' } });
  });

  afterAll(async () => {
    await host.stop();
  });

  test.each([
    ['1bad', 'is not a valid function name'],
    ['host', 'is not a valid function name'],
    ['reserved', 'conflicts with one or more built in routes'],
    ['runtime', 'conflicts with one or more built in routes'],
    ['sameAgain', "conflicts with the route defined by function 'good'"],
    ['queue', "binding type 'queueTrigger' is not hosted here"],
    ['badSchedule', "The schedule expression '0 0 0 * * 7' was not recognized"],
    ['noConnection', "connection string 'MISSING' does not exist"],
    ['noQueue', "'%MISSING%' does not resolve to a value"],
  ])('%s: %s', (name, reason) => {
    expect(host.errors()).toContainEqual(
      expect.stringMatching(new RegExp(`'${name}'.*${escapePattern(reason)}`)),
    );
  });

  test('leave the others running', async () => {
    expect(await (await fetch(host.url('good'))).text()).toBe('here');
    expect(await (await fetch(host.url('good'), { method: 'PUT' })).text()).toBe('here');
  });
});

describe('hooks', () => {
  let host: Hosted;

  beforeAll(async () => {
    host = await hostApp('hooks');
  });

  test('may replace inputs before the function runs', async () => {
    expect(await (await fetch(host.url('input'))).json()).toMatchObject({ input: { replaced: true } });
  });

  test('may change a line of the log', () => {
    expect(host.lines).toContain('[information] input: hooked a line');
  });

  test('may forgive an error and give another result', async () => {
    const response = await fetch(host.url('forgiven'));
    expect([response.status, await response.text()]).toEqual([200, 'forgiven']);
    expect((await fetch(host.url('failing'))).status).toBe(500);
  });

  test('run in order and share their data', async () => {
    const seen = await (await fetch(host.url('seen'))).json();
    expect(seen).toEqual([
      'appStart',
      'post:before:fine',
      'post:before:forgiven',
      'post:before:not forgiven',
      'post:before:fine',
    ]);
  });

  test('refuse a function that is registered after the start', async () => {
    expect((await fetch(host.url('late'))).status).toBe(500);
    expect(host.lines.join('\n')).toContain('A function can only be registered during app startup.');
  });

  test('run when the app ends', async () => {
    await host.stop();
    expect(host.lines).toContain('terminated after appStart');
  });
});

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\%]/g, '\\$&');
}
