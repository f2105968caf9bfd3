import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { nodesOf, type SourceFile, sourceFiles, trackedFiles } from './source-files.ts';

const OURS = ['functions', 'shared', 'sandbox', 'tools', 'bench'];
const files = sourceFiles(...OURS);
const everything = [...files, ...sourceFiles('test')];

function linesWhere<Node extends ts.Node>(
  from: readonly SourceFile[],
  wanted: (node: ts.Node) => node is Node,
  isBad: (node: Node, file: SourceFile) => boolean = () => true,
): string[] {
  return from.flatMap((file) =>
    nodesOf(file, wanted)
      .filter(({ node }) => isBad(node, file))
      .map(({ line }) => `${file.path}:${line}`),
  );
}

function length(node: ts.Node, { tree }: SourceFile): number {
  const first = tree.getLineAndCharacterOfPosition(node.getStart()).line;
  return tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

describe('a reader can take a file in', () => {
  test('no file has more than 250 lines, and half of them at most 100', () => {
    const long = files.filter(({ lines }) => lines > 250).map(({ path, lines }) => `${path} (${lines})`);
    expect(long).toEqual([]);
    const sorted = files.map(({ lines }) => lines).sort((left, right) => left - right);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(100);
  });

  test('a trigger translates and calls: no file in functions/ has more than 40 lines', () => {
    expect(
      files.filter(({ path, lines }) => path.startsWith('functions/') && lines > 40).map(({ path }) => path),
    ).toEqual([]);
  });

  test('no function has more than 40 lines', () => {
    expect(linesWhere(files, isFunction, (node, file) => length(node, file) > 40)).toEqual([]);
  });

  test('no function takes more than three parameters', () => {
    expect(linesWhere(files, isFunction, (node) => node.parameters.length > 3)).toEqual([]);
  });
});

describe('types say what is true', () => {
  test('nothing is of type any', () => {
    expect(linesWhere(everything, isAny)).toEqual([]);
  });

  test('no error of the type checker is silenced', () => {
    const silenced = everything.filter(
      ({ text, path }) =>
        !path.endsWith('house-rules.test.ts') && /@ts-(ignore|expect-error|nocheck)/.test(text),
    );
    expect(silenced.map(({ path }) => path)).toEqual([]);
  });

  test('the core and the steps never claim a type without a check', () => {
    const strict = files.filter(({ path }) => /^shared\/(release|steps)\//.test(path));
    const isClaim = (node: ts.AsExpression) => node.type.getText() !== 'const';
    expect(linesWhere(strict, ts.isAsExpression, isClaim)).toEqual([]);
  });

  test('there are no enums, namespaces or default exports', () => {
    expect(linesWhere(everything, ts.isEnumDeclaration)).toEqual([]);
    expect(linesWhere(everything, ts.isModuleDeclaration, (node) => ts.isIdentifier(node.name))).toEqual([]);
    expect(linesWhere(everything, ts.isExportAssignment)).toEqual([]);
  });
});

function isAny(node: ts.Node): node is ts.KeywordTypeNode {
  return node.kind === ts.SyntaxKind.AnyKeyword;
}

describe('time and chance are inputs', () => {
  const edges = /^(functions\/|shared\/app\.ts|shared\/adapters\/|sandbox\/|tools\/|bench\/)/;
  const pure = files.filter(({ path }) => !edges.test(path));

  test('only app.ts, functions and adapters read the environment, the clock or a source of chance', () => {
    const read = pure.filter(({ text }) =>
      /process\.env|Date\.now\(|new Date\(\)|randomUUID|Math\.random/.test(text),
    );
    expect(read.map(({ path }) => path)).toEqual([]);
  });
});

describe('names', () => {
  test('files and folders are kebab-case and never called utils, helpers, common or lib', () => {
    const names = [...OURS, 'test']
      .flatMap((folder) => trackedFiles(folder))
      .filter((path) => /\.(ts|js)$/.test(path));
    const bad = names.filter((path) =>
      path.split('/').some((part) => /^(utils?|helpers?|common|lib)(\.|$)/.test(part)),
    );
    expect(bad).toEqual([]);
    const odd = names.filter(
      (path) =>
        !path
          .split('/')
          .every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?(\.(ts|js|json))?$/.test(part)),
    );
    expect(odd).toEqual([]);
  });
});

describe('tests prove something', () => {
  const tests = sourceFiles('test').filter(
    ({ path }) => path.endsWith('.test.ts') && !path.endsWith('house-rules.test.ts'),
  );

  test('no test is skipped, alone, or without an expectation', () => {
    const loose =
      /\b(test|it|describe)\.(skip|only|todo)\(|\bx(it|describe|test)\(|jest\.mock\(|toMatchSnapshot|toMatchInlineSnapshot/;
    expect(tests.filter(({ text }) => loose.test(text)).map(({ path }) => path)).toEqual([]);
    expect(
      tests
        .filter(
          ({ text }) =>
            !/expect\(|fc\.assert\(|testAgainstSpecification\(|[sS]toreContract\(|[cC]ontract\(/.test(text),
        )
        .map(({ path }) => path),
    ).toEqual([]);
  });
});
