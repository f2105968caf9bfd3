import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { toHostSettings } from '../../sandbox/functions-host/host-settings.ts';
import { SETTING_NAMES } from '../../shared/config.ts';
import { FUNCTION_TIMEOUT_IN_MS, pipelineOf } from '../../shared/project/pipeline-of.ts';
import { readProjectFile } from '../../shared/project/project-file.ts';
import { STEP_KINDS } from '../../shared/steps/registry.ts';
import { ROOT, trackedFiles } from './source-files.ts';

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

describe('a step kind is whole', () => {
  const docs = read('docs/steps.md');

  test.each(STEP_KINDS.map(({ name }) => name))('%s has its file, its test and its section', (name) => {
    expect(existsSync(join(ROOT, `shared/steps/${name}.ts`))).toBe(true);
    expect(existsSync(join(ROOT, `test/steps/${name}.test.ts`))).toBe(true);
    expect(docs).toMatch(new RegExp(`^## ${name}$`, 'm'));
  });
});

describe('what one place says, the other does', () => {
  test('no claim of a step ends before the host has killed its function', () => {
    const host = toHostSettings(JSON.parse(read('host.json')));
    expect(host.functionTimeoutInMs).toBe(FUNCTION_TIMEOUT_IN_MS);
    const file = readProjectFile(read('examples/parking-sensors/slipway.yaml'));
    const { stages } = pipelineOf(file, { id: '1' }, new Set(STEP_KINDS.map(({ name }) => name)));
    const leases = stages.flatMap(({ steps }) => steps.map(({ leaseInMs }) => leaseInMs));
    expect(Math.min(...leases)).toBeGreaterThan(FUNCTION_TIMEOUT_IN_MS);
  });

  test('every setting has its row, and every row is a setting', () => {
    const rows = [...read('docs/settings.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual([...SETTING_NAMES].sort());
  });

  test('nothing takes zod whole, whose unused half would load with every start', () => {
    const files = [...trackedFiles('shared'), ...trackedFiles('functions')];
    expect(files.filter((path) => read(path).includes("import { z } from 'zod'"))).toEqual([]);
  });

  test('the README is short, and every page that it and the docs link to is there', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(150);
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      ...trackedFiles('docs').filter((path) => path.endsWith('.md')),
    ];
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(ROOT, page, '..', target)))
        .map((target) => `${page} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('the pipeline runs the command that the README gives for the tests', () => {
    expect(read('README.md')).toContain('npm ci && npm test');
    expect(read('.ci/run')).toMatch(/^npm test$/m);
  });
});
