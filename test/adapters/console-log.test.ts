import { describe, expect, test } from '@jest/globals';
import { consoleLog, type LogOptions } from '../../shared/adapters/console-log.ts';
import type { Log } from '../../shared/engine/ports.ts';

function recorded(options: LogOptions = {}): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (level: string) => (line: string) => void lines.push(`${level}: ${line}`);
  const sink = { info: write('info'), warn: write('warn'), error: write('error') };
  return { log: consoleLog(sink, options), lines };
}

describe('the log', () => {
  test('a line for people names its fields and leaves empty ones out', () => {
    const { log, lines } = recorded();
    log.info('applied', { project: 'sensors', run: 'release-1', stage: null, note: '', changes: 0 });
    log.warn('nothing more', {});

    expect(lines).toEqual([
      'info: applied (project sensors, run release-1, changes 0)',
      'warn: nothing more',
    ]);
  });

  test('a line for machines is one JSON object, whatever the text holds', () => {
    const { log, lines } = recorded({ form: 'json' });
    log.error('broke:\n"quoted"', { run: 'release-1', stage: null });

    const [line = ''] = lines;
    expect(line).not.toContain('\n');
    expect(JSON.parse(line.slice('error: '.length))).toEqual({
      level: 'error',
      text: 'broke:\n"quoted"',
      run: 'release-1',
      stage: null,
    });
  });

  test('fields of the log are on every line, and the line’s own win', () => {
    const { log, lines } = recorded({ about: { invocation: 'i-1', run: 'none' } });
    log.info('applied', { run: 'release-1' });

    expect(lines).toEqual(['info: applied (invocation i-1, run release-1)']);
  });

  test.each(['text', 'json'] as const)('a secret reaches no line of form %s', (form) => {
    const secret = 'dapi0123456789abcdef0123456789abcdef';
    const { log, lines } = recorded({ form, about: { about: `Bearer ${secret}` } });
    log.info(`refused ${secret}`, { url: `https://host/?sig=${'s3cr3t'}"`, password: `password=s3cr3t` });

    expect(lines.join()).not.toContain(secret);
    expect(lines.join()).not.toContain('s3cr3t');
    expect(lines.join()).toContain('***');
  });
});
