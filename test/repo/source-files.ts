import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export const ROOT = join(__dirname, '..', '..');

/** A TypeScript file of the repository, parsed. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly tree: ts.SourceFile;
}

/** Paths that git tracks, or would if they were added, below the folders. */
export function trackedFiles(...folders: readonly string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...folders];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n');
  return [...new Set(listed)].filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

export function sourceFiles(...folders: readonly string[]): SourceFile[] {
  return trackedFiles(...folders)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      return { path, text, lines: text.split('\n').length - 1, tree };
    });
}

/** Every node of a file that `wanted` picks, with its line. */
export function nodesOf<Node extends ts.Node>(
  { tree }: SourceFile,
  wanted: (node: ts.Node) => node is Node,
): { readonly node: Node; readonly line: number }[] {
  const found: { node: Node; line: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (wanted(node))
      found.push({ node, line: tree.getLineAndCharacterOfPosition(node.getStart()).line + 1 });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** What a file imports, as it is written. */
export function importsOf(file: SourceFile): string[] {
  const declarations = nodesOf(file, ts.isImportDeclaration).map(({ node }) => node.moduleSpecifier);
  const exported = nodesOf(file, ts.isExportDeclaration).flatMap(({ node }) => node.moduleSpecifier ?? []);
  const dynamic = nodesOf(file, ts.isCallExpression)
    .filter(({ node }) => node.expression.kind === ts.SyntaxKind.ImportKeyword)
    .flatMap(({ node }) => node.arguments[0] ?? []);
  return [...declarations, ...exported, ...dynamic].filter(ts.isStringLiteral).map(({ text }) => text);
}
