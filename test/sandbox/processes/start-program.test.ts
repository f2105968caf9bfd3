import { spawn } from 'node:child_process';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compileProgram } from '../../../sandbox/processes/compile-program.ts';
import {
  type RunningProgram,
  readReadyLine,
  startProgram,
} from '../../../sandbox/processes/start-program.ts';
import { isAlive } from './is-alive.ts';

const program = join(__dirname, 'program.js');
const service = join(__dirname, 'service.ts');

function start(behaviour: string, options: object = {}): Promise<RunningProgram> {
  return startProgram({ name: 'the program', file: program, args: [behaviour], ...options });
}

async function untilDead(pid: number): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('starting a program', () => {
  test('gives the facts of its ready line, and its other lines to whoever asks', async () => {
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line);
    const running = await start('ready', { env: { FROM_STARTER: 'yes' }, onLine });
    expect(running.ready).toMatchObject({ port: 1, pid: running.pid, setting: 'yes' });
    await running.stop();
    expect(lines).toEqual(['a line of the log']);
  });

  test('that ends before it is ready fails with its last lines', async () => {
    await expect(start('ends')).rejects.toThrow(
      /the program ended before it was ready \(exit code 3\)\s+the reason why/,
    );
  });

  test('that stays silent fails when its time is over, and leaves nothing behind', async () => {
    await expect(start('silent', { readyDeadlineInMs: 1500 })).rejects.toThrow(
      /the program was not ready after 1500 ms[\s\S]*still at it/,
    );
  });
});

describe('stopping a program', () => {
  test('lets it end in its own way', async () => {
    expect(await (await start('ready')).stop()).toEqual({ code: 7, signal: null });
  });

  test('kills one that does not listen', async () => {
    const running = await start('deaf', { stopDeadlineInMs: 50 });
    expect(await running.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('is told to whoever waits for its end', async () => {
    const running = await start('ready');
    await running.kill();
    expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

describe('a service run as a program', () => {
  test('says when it is ready and stops in order', async () => {
    const lines: string[] = [];
    const running = await startProgram({
      name: 'service',
      file: service,
      onLine: (line) => void lines.push(line),
    });
    expect(running.ready).toEqual({ ready: true, own: 'fact' });
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(lines).toEqual(['stopped in order']);
  });

  test('that cannot start fails with its error', async () => {
    const starting = startProgram({ name: 'service', file: service, args: ['broken'] });
    await expect(starting).rejects.toThrow('the service is broken');
  });

  test('goes on when its standard input is no pipe', async () => {
    const child = spawn(process.execPath, [await compileProgram(service)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('close', resolve));
    expect(child.exitCode).toBe(0);
  });
});

test('a program ends when the process that started it is killed', async () => {
  const parent = await startProgram({
    name: 'parent',
    file: join(__dirname, 'parent.ts'),
    args: [__dirname],
  });
  const childPid = Number(parent.ready.childPid);
  expect(isAlive(childPid)).toBe(true);
  await parent.kill();
  await untilDead(childPid);
});

describe('compiling a program', () => {
  test('is done again only when a source changed', async () => {
    const source = join(__dirname, 'service.ts');
    const file = await compileProgram(source);
    writeFileSync(file, `${readFileSync(file, 'utf8')}// kept\n`);
    expect(readFileSync(await freshCompile(source), 'utf8')).toContain('// kept');
    const { atime, mtime } = statSync(source);
    utimesSync(source, atime, new Date(mtime.getTime() + 1_000));
    expect(readFileSync(await freshCompile(source), 'utf8')).not.toContain('// kept');
    utimesSync(source, atime, mtime);
  });

  /** Through another process, since this one remembers what it compiled. */
  async function freshCompile(source: string): Promise<string> {
    const code = `require('./sandbox/processes/compile-program.ts').compileProgram(${JSON.stringify(source)}).then(console.log)`;
    const child = spawn(process.execPath, ['--import', 'tsx', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk);
    return Buffer.concat(chunks).toString().trim();
  }
});

test.each([
  ['{"ready":true,"port":5}', { ready: true, port: 5 }],
  ['{"ready":"true"}', undefined],
  ['{"ready":true', undefined],
  ['ready', undefined],
])('the line %s is a ready line: %o', (line, ready) => {
  expect(readReadyLine(line)).toEqual(ready);
});
