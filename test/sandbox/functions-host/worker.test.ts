import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startFunctionsHostProcess } from '../../../sandbox/functions-host/start-process.ts';
import { isAlive } from '../processes/is-alive.ts';
import { appsFolder, eventually, type Hosted, hostApp } from './hosting.ts';

/** Inside the repository, so that a copied app finds its packages. */
const copies: string[] = [];

function copyOf(name: string): string {
  const folder = mkdtempSync(join(appsFolder, 'copy-'));
  copies.push(folder);
  cpSync(join(appsFolder, name), folder, { recursive: true });
  return folder;
}

afterAll(() => {
  for (const folder of copies) rmSync(folder, { recursive: true });
});

describe('a worker', () => {
  let host: Hosted;

  beforeAll(async () => {
    host = await hostApp('sample');
  });

  afterAll(async () => {
    await host.stop();
  });

  test('that blocks beyond functionTimeout is killed, and everything in it fails', async () => {
    const before = await host.workerPid();
    const [blocked, beside] = await Promise.all([
      fetch(host.url('block')),
      after(500, () => fetch(host.url('slow'))),
    ]);
    expect([blocked.status, beside.status]).toEqual([500, 500]);
    expect(isAlive(before)).toBe(false);
    expect((await fetch(host.url('nothing'))).status).toBe(204);
    expect(await host.workerPid()).not.toBe(before);
  });

  test('that crashes fails what runs in it and is replaced', async () => {
    const before = await host.workerPid();
    expect((await fetch(host.url('crash'))).status).toBe(500);
    expect((await fetch(host.url('nothing'))).status).toBe(204);
    expect(await host.workerPid()).not.toBe(before);
    expect(host.lines.join('\n')).toContain('nobody catches this');
  });
});

describe('a stop', () => {
  test('waits for what runs and takes nothing new', async () => {
    const host = await hostApp('sample');
    const running = fetch(host.url('slow'));
    await eventually('the request has arrived', async () => (await openRequests(host)) > 0);
    const stopped = host.stop();
    expect(await (await running).text()).toBe('done');
    await stopped;
    await expect(fetch(host.url('nothing'))).rejects.toThrow();
  });

  test('kills what runs longer than its bound', async () => {
    const host = await hostApp('sample', { drainBoundInMs: 50 });
    const pid = await host.workerPid();
    const blocked = fetch(host.url('block'));
    await after(100, async () => {});
    await host.stop();
    expect((await blocked).status).toBe(500);
    expect(isAlive(pid)).toBe(false);
  });
});

describe('the host as a process', () => {
  test('says which functions it serves and ends on SIGTERM', async () => {
    const host = await startFunctionsHostProcess({ appFolder: join(appsFolder, 'sample') });
    expect(host.functions).toContain('echo');
    expect((await fetch(`http://127.0.0.1:${host.port}/api/nothing`)).status).toBe(204);
    expect(await host.stop()).toEqual({ code: 0, signal: null });
  });

  test('leaves no worker behind when it is killed, even one that blocks', async () => {
    const host = await startFunctionsHostProcess({ appFolder: join(appsFolder, 'sample') });
    const pid = Number(await (await fetch(`http://127.0.0.1:${host.port}/api/pid`)).text());
    fetch(`http://127.0.0.1:${host.port}/api/block`).catch(() => {});
    await after(50, async () => {});
    await host.kill();
    await eventually('the worker has ended', () => !isAlive(pid));
  });

  test('reads local.settings.json; the environment wins over it', async () => {
    const appFolder = copyOf('sample');
    const content = '{ // a comment\n "Values": { "FROM_SETTINGS": "of the file" }, }';
    writeFileSync(join(appFolder, 'local.settings.json'), content);
    const seen = await Promise.all(
      [{}, { FROM_SETTINGS: 'of the environment' }].map((settings) => settingSeen(appFolder, settings)),
    );
    expect(seen).toEqual(['of the file', 'of the environment']);
  });
});

describe('an app that cannot be loaded', () => {
  test('stops the start with its own error', async () => {
    await expect(hostApp('broken')).rejects.toThrow('this app cannot start');
  });

  test('ends the process with its own error', async () => {
    const starting = startFunctionsHostProcess({ appFolder: join(appsFolder, 'broken') });
    await expect(starting).rejects.toThrow('this app cannot start');
  });
});

describe('hot reload', () => {
  test('serves changed code, and answers what comes in between', async () => {
    const appFolder = copyOf('hooks');
    const change = (body: string) =>
      writeFileSync(
        join(appFolder, 'main.js'),
        `require('@azure/functions').app.http('one', { authLevel: 'anonymous', handler: () => ({ body: '${body}' }) });`,
      );
    change('first');
    const host = await hostApp('', { appFolder, isWatching: true });
    const read = async () => (await fetch(host.url('one'))).text();
    expect(await read()).toBe('first');
    change('second');
    await eventually('the new code answers', async () => (await read()) === 'second');
    writeFileSync(join(appFolder, 'main.js'), 'this is no JavaScript');
    await eventually('the broken app answers 500', async () => (await fetch(host.url('one'))).status === 500);
    change('third');
    await eventually('it recovers', async () => (await read()) === 'third');
    await host.stop();
  });
});

async function settingSeen(appFolder: string, settings: Record<string, string>): Promise<string> {
  const host = await startFunctionsHostProcess({ appFolder, settings });
  const response = await fetch(`http://127.0.0.1:${host.port}/api/setting`);
  await host.stop();
  return response.text();
}

/** The log of the app tells that a function has begun only when it ends, so the worker is asked for its state. */
async function openRequests(host: Hosted): Promise<number> {
  const status = (await (await fetch(host.url('/admin/host/status'))).json()) as { running: number };
  return status.running;
}

async function after<T>(pauseInMs: number, action: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, pauseInMs));
  return action();
}
