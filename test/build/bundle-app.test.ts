import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FunctionsHost, startFunctionsHost } from '../../sandbox/functions-host/start.ts';
import { type Bundle, bundleApp } from '../../tools/build/bundle-app.ts';
import { writeApp } from '../../tools/build/write-app.ts';
import { zipFolder } from '../../tools/build/zip-folder.ts';

const rootFolder = join(__dirname, '..', '..');
const bundle = (entry: string, hasSourceMaps = false) =>
  bundleApp({ rootFolder, entryFile: join(__dirname, 'app', entry), hasSourceMaps });

let outFolder: string;
let built: Bundle;

beforeAll(async () => {
  outFolder = mkdtempSync(join(tmpdir(), 'dist-'));
  built = await bundle('main.ts');
  writeFileSync(join(outFolder, 'left-by-an-earlier-build.js'), '');
  await writeApp(built, { rootFolder, outFolder });
});

afterAll(() => {
  rmSync(outFolder, { recursive: true });
});

const read = (name: string) => readFileSync(join(outFolder, name), 'utf8');
const heavyFile = () => readdirSync(outFolder).find((name) => name.startsWith('heavy-')) ?? '';

describe('the deployable folder', () => {
  test('holds the code, package.json and host.json, nothing else', () => {
    const others = readdirSync(outFolder).filter((name) => !/^(main|heavy-\w+|chunk-\w+)\.js$/.test(name));
    expect(others.sort()).toEqual(['host.json', 'package.json']);
  });

  test('names its main file, the version, and no dependencies', () => {
    const { version } = JSON.parse(readFileSync(join(rootFolder, 'package.json'), 'utf8'));
    expect(JSON.parse(read('package.json'))).toEqual({
      name: 'slipway',
      version,
      private: true,
      main: 'main.js',
    });
    expect(read('host.json')).toBe(readFileSync(join(rootFolder, 'host.json'), 'utf8'));
  });

  test('leaves the module of the worker to the worker, and has no other package left to find', () => {
    const required = readdirSync(outFolder)
      .filter((name) => name.endsWith('.js'))
      .flatMap((name) => [...read(name).matchAll(/\brequire\("([^."][^"]*)"\)/g)].map(([, id]) => id));
    const packages = required.filter((id) => !isBuiltin(id ?? ''));
    expect(packages).toEqual([]);
    expect(read('main.js') + readdirSync(outFolder).map(read).join('')).toContain('"@azure/functions-core"');
  });
});

describe('what is imported dynamically', () => {
  test('is in a file of its own, with the packages that only it needs', () => {
    expect(read(heavyFile())).toContain('only in the heavy file');
    expect(Buffer.byteLength(read(heavyFile()))).toBeGreaterThan(100_000);
    expect(read('main.js')).not.toContain('only in the heavy file');
    expect(Buffer.byteLength(read('main.js'))).toBeLessThan(400_000);
  });

  test('exists once: no source is in two files', () => {
    const sources = Object.values(built.metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
    expect(new Set(sources).size).toBe(sources.length);
  });
});

describe('the built app in a host', () => {
  let host: FunctionsHost;
  const url = (name: string) => `http://127.0.0.1:${host.port}/api/${name}`;

  beforeAll(async () => {
    host = await startFunctionsHost({ appFolder: outFolder, log: () => {} });
  });

  afterAll(async () => {
    await host.stop();
  });

  test('registers its functions without any package beside it', async () => {
    expect(host.functions).toEqual(['eager', 'lazy']);
    expect(await (await fetch(url('eager'))).text()).toBe('eager');
  });

  test('shares classes with what it loads later, which knows its own place', async () => {
    const answer = await (await fetch(url('lazy'))).json();
    expect(answer).toEqual({ isSameClass: true, fileUrl: `file://${join(outFolder, heavyFile())}` });
  });
});

test('the same sources give the same bytes, zipped as well', async () => {
  const again = await bundle('main.ts');
  expect([...again.files]).toEqual([...built.files]);
  const zips = [join(outFolder, '..', `${process.pid}-1.zip`), join(outFolder, '..', `${process.pid}-2.zip`)];
  for (const zip of zips) await zipFolder(outFolder, zip);
  const [first, second] = zips.map((zip) => readFileSync(zip));
  for (const zip of zips) rmSync(zip);
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  expect(first?.subarray(0, 2).toString()).toBe('PK');
});

test('source maps lead back to the TypeScript sources', async () => {
  const { files } = await bundle('main.ts', true);
  const map = JSON.parse(files.get('main.js.map') ?? '{}');
  expect(map.sources).toContainEqual(expect.stringMatching(/test\/build\/app\/main\.ts$/));
  expect(files.get('main.js')).toMatch(/\/\/# sourceMappingURL=main\.js\.map\n$/);
});

test('sources that cannot be bundled are an error that names the file', async () => {
  await expect(bundle('broken.js')).rejects.toThrow('there-is-no-such-file');
});
