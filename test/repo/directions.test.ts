import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { importsOf, type SourceFile, sourceFiles } from './source-files.ts';

const files = sourceFiles('functions', 'shared', 'sandbox');

/** What may be imported from where; the first row that fits a file counts. `shared/errors.ts` is open to all but the core. */
const DIRECTIONS: readonly { readonly from: RegExp; readonly to: readonly RegExp[] }[] = [
  { from: /^shared\/release\//, to: [/^shared\/release\//] },
  {
    from: /^shared\/project\//,
    to: [
      /^shared\/project\//,
      /^shared\/release\//,
      /^shared\/engine\/[a-z-]*(ports|client|clients|webhook-events|take-intake)\.ts$/,
    ],
  },
  {
    from: /^shared\/steps\//,
    to: [
      /^shared\/steps\//,
      /^shared\/project\//,
      /^shared\/release\//,
      /^shared\/engine\/[a-z-]*(ports|client|clients)\.ts$/,
    ],
  },
  { from: /^shared\/engine\//, to: [/^shared\/engine\//, /^shared\/release\//, /^shared\/steps\/step\.ts$/] },
  {
    from: /^shared\/(azure-devops|github)\//,
    to: [/^shared\/(azure-devops|github)\//, /^shared\/engine\//, /^shared\/release\//, /^shared\/project\//],
  },
  {
    from: /^shared\/adapters\//,
    to: [
      /^shared\/adapters\//,
      /^shared\/engine\//,
      /^shared\/release\//,
      /^shared\/project\//,
      /^shared\/(config\.ts|names\.json)$/,
    ],
  },
  {
    from: /^shared\/api\//,
    to: [/^shared\/api\//, /^shared\/engine\//, /^shared\/release\//, /^shared\/project\//],
  },
  { from: /^shared\/app\.ts$/, to: [/^shared\//] },
  { from: /^shared\/(config|errors)\.ts$/, to: [] },
  {
    from: /^functions\//,
    to: [
      /^functions\//,
      /^shared\/app\.ts$/,
      /^shared\/(engine|api|azure-devops|github)\//,
      /^shared\/release\/events\.ts$/,
    ],
  },
  { from: /^sandbox\//, to: [/^sandbox\//, /^shared\//, /^tools\//] },
];

function internalImports(file: SourceFile): string[] {
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.normalize(posix.join(posix.dirname(file.path), specifier)));
}

function isAllowed(from: string, to: string): boolean {
  const row = DIRECTIONS.find((direction) => direction.from.test(from));
  if (row === undefined) return false;
  const everywhere = to === 'shared/errors.ts' && !from.startsWith('shared/release/');
  return everywhere || row.to.some((pattern) => pattern.test(to));
}

describe('imports go one way', () => {
  test('every import, types included, follows the table of directions', () => {
    const wrong = files.flatMap((file) =>
      internalImports(file)
        .filter((to) => !isAllowed(file.path, to))
        .map((to) => `${file.path} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only adapters talk to Azure SDKs or the network; @azure/functions is for the triggers', () => {
    const wrong = files
      .filter(({ path }) => path.startsWith('shared/') && !path.startsWith('shared/adapters/'))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => name.startsWith('@azure/'))
          .map((name) => `${file.path} -> ${name}`),
      )
      .filter((line) => line !== 'shared/app.ts -> @azure/functions');
    expect(wrong).toEqual([]);
    const fetching = files.filter(
      ({ path, text }) =>
        path.startsWith('shared/') && !path.startsWith('shared/adapters/') && /\bfetch\(/.test(text),
    );
    expect(fetching.map(({ path }) => path)).toEqual([]);
  });

  test('nothing in functions or shared knows the sandbox', () => {
    const knowing = files.filter(({ path, text }) => !path.startsWith('sandbox/') && /sandbox/i.test(text));
    expect(knowing.map(({ path }) => path)).toEqual([]);
  });

  test('there is no cycle', () => {
    const graph = new Map(files.map((file) => [file.path, internalImports(file)]));
    expect(findCycle(graph)).toEqual([]);
  });
});

/** The first cycle that a walk through all files meets, as the files on it. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of graph.get(path) ?? []) {
      const cycle = walk(next, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const path of graph.keys()) {
    const cycle = walk(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
