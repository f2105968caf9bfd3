import type { Change } from '../../release/plan.ts';
import type { WorkspaceFile } from './files.ts';
import type { ChangeData, Deployed } from './inventory.ts';
import { inTheWayOf } from './paths.ts';

/** How a deployed file differs in the workspace from what we put there, by path. */
export type Drift = ReadonlyMap<string, 'gone' | 'changed' | 'replaced'>;

/**
 * What a release changes in the workspace: files that differ or may differ, and what stands in their way. Other files
 * that left the project stay for jobs that name them: they are removed after the jobs were switched, by `clean-up`.
 */
export function changesFor(wanted: readonly WorkspaceFile[], deployed: Deployed, drift: Drift): Change[] {
  const paths = new Set(wanted.map(({ path }) => path));
  const isInTheWay = inTheWayOf([...paths]);
  const known = [...new Set([...deployed.files.keys(), ...deployed.uncertain.keys()])];
  const files = known.filter((path) => !paths.has(path) && isInTheWay.file(path));
  return [
    ...wanted.flatMap((file) => changeOf(file, deployed, drift.get(file.path))),
    ...files.map((path) => removalOf(path, deployed)),
    ...[...deployed.folders].filter(isInTheWay.folder).map(folderRemoval),
  ];
}

function changeOf(
  { path, from, sha256, size, form }: WorkspaceFile,
  { files, uncertain, uploads }: Deployed,
  drift: 'gone' | 'changed' | 'replaced' | undefined,
): Change[] {
  const there = files.get(path);
  const maybe = uncertain.get(path);
  const isSame = there?.sha256 === sha256 && there.form === form;
  if (isSame && maybe === undefined && drift === undefined) return [];
  const others = [there?.form, maybe?.form].filter((other) => other !== undefined && other !== form);
  const replaces = others.length > 0 || drift === 'replaced';
  const data: ChangeData = { form, from, upload: uploads + 1, ...(replaces ? { replaces } : {}) };
  return [
    {
      target: path,
      action: there === undefined ? 'create' : 'update',
      before: there?.sha256 || null,
      after: sha256,
      class: 'reversible',
      detail: `${describe(form, size)}${reason(maybe !== undefined, drift)}`,
      data,
    },
  ];
}

function describe(form: WorkspaceFile['form'], size: number): string {
  const kind = form === 'FILE' ? 'file' : `notebook, ${form}`;
  return `${kind}, ${size} bytes`;
}

function reason(isUncertain: boolean, drift: 'gone' | 'changed' | 'replaced' | undefined): string {
  if (isUncertain) return '; sent again, since an earlier deployment was interrupted';
  return drift === undefined ? '' : `; ${drift} in the workspace since it was deployed`;
}

function removalOf(path: string, { files, uncertain, uploads }: Deployed): Change {
  const there = files.get(path);
  const { form, from } = there ?? uncertain.get(path) ?? { form: 'FILE', from: path };
  return {
    target: path,
    action: 'delete',
    before: there?.sha256 || null,
    after: null,
    class: 'reversible',
    detail: `${from} is no longer in the project, and in the way of what is`,
    data: { form, from, upload: uploads + 1 },
  };
}

function folderRemoval(folder: string): Change {
  return {
    target: folder,
    action: 'delete',
    before: null,
    after: null,
    class: 'reversible',
    detail: 'folder; removed if nothing else is in it',
  };
}
