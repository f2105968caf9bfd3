import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { fromBufferPromise } from 'yauzl';
import { readPyproject } from '../../tools/example/pyproject.ts';
import { buildWheel } from '../../tools/example/wheel.ts';

/** 1 January 1980 as ZIP writes dates: years since 1980, month, day in 7, 4 and 5 bits. */
const FIRST_OF_1980 = (0 << 9) | (1 << 5) | 1;

const PYPROJECT = `
[project]
name = "Parking-Sensors.Core"
description = "Loads bays"
requires-python = ">=3.10"
dynamic = ["version"]

[project.scripts]
load = "parking.jobs:load"

[tool.other]
name = "not this one"
`;

const MODULES = new Map([
  ['parking/__init__.py', Buffer.from('')],
  ['parking/jobs.py', Buffer.from('def load():\n    return "ü"\n')],
  ['parking/data, raw/zones.csv', Buffer.from('zone\n1\n')],
]);

const build = (version = '1.2.0') =>
  buildWheel({ project: readPyproject(PYPROJECT), version, modules: MODULES });

async function members(wheel: Buffer): Promise<Map<string, string>> {
  const zip = await fromBufferPromise(wheel);
  const contents = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    contents.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  }
  return contents;
}

describe('a wheel', () => {
  test('carries distribution, version and tag in its file name, hyphens made underscores', async () => {
    expect((await build('1.2.0.post7')).fileName).toBe('parking_sensors_core-1.2.0.post7-py3-none-any.whl');
  });

  test('states its name, version and least Python in METADATA', async () => {
    const metadata = (await members((await build()).content)).get(
      'parking_sensors_core-1.2.0.dist-info/METADATA',
    );
    expect(metadata?.split('\n')).toEqual(
      expect.arrayContaining(['Name: Parking-Sensors.Core', 'Version: 1.2.0', 'Requires-Python: >=3.10']),
    );
  });

  test('names its entry points, so that a python_wheel_task finds them', async () => {
    const contents = await members((await build()).content);
    expect(contents.get('parking_sensors_core-1.2.0.dist-info/entry_points.txt')).toBe(
      '[console_scripts]\nload = parking.jobs:load\n',
    );
  });

  test('says that it is pure Python, in WHEEL', async () => {
    const contents = await members((await build()).content);
    expect(contents.get('parking_sensors_core-1.2.0.dist-info/WHEEL')).toContain(
      'Root-Is-Purelib: true\nTag: py3-none-any\n',
    );
  });

  test('has in RECORD the digest and size of every member but RECORD itself', async () => {
    const contents = await members((await build()).content);
    const recordPath = 'parking_sensors_core-1.2.0.dist-info/RECORD';
    const lines = (contents.get(recordPath) ?? '').trimEnd().split('\n');
    const expected = [...contents].map(([path, content]) => recordLine(path, content, recordPath));
    expect(lines).toEqual(expected);
    expect(lines).toHaveLength(MODULES.size + 5);
  });

  test('stores members as they are and at one fixed time, so that no clock, time zone or zlib shows in it', async () => {
    const zip = await fromBufferPromise((await build()).content);
    for await (const entry of zip.eachEntry()) {
      const { compressionMethod, lastModFileDate, lastModFileTime, extraFieldLength } = entry;
      expect([compressionMethod, lastModFileDate, lastModFileTime, extraFieldLength]).toEqual([
        0,
        FIRST_OF_1980,
        0,
        0,
      ]);
    }
  });

  test.each(['1.2', '1.2.0rc1', '1.2.0.post14', '2.0.dev3'])('may have the version %s', async (version) => {
    expect((await build(version)).fileName).toContain(`-${version}-`);
  });

  test.each(['', 'one', '1.2.0-3', '1.2/0'])('may not have the version "%s"', async (version) => {
    await expect(build(version)).rejects.toThrow('is not a plain PEP 440 version');
  });
});

describe('pyproject.toml', () => {
  test('without a name cannot be built', () => {
    expect(() => readPyproject(PYPROJECT.replace('name = "Parking', 'title = "Parking'))).toThrow(
      '[project] has no name',
    );
  });
});

function recordLine(path: string, content: string, recordPath: string): string {
  const field = path.includes(',') ? `"${path}"` : path;
  if (path === recordPath) return `${field},,`;
  const bytes = Buffer.from(content);
  return `${field},sha256=${createHash('sha256').update(bytes).digest('base64url')},${bytes.length}`;
}
