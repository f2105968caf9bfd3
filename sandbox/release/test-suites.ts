import type { TaskView } from '../databricks/context.ts';
import type { Task } from '../databricks/contract/job-settings.ts';
import type { RunScript } from '../databricks/run-model.ts';

/**
 * Stands in for pytest, since nothing on this machine runs Python: a task that names a JUnit file in a volume leaves
 * one there, with every test function that it finds in the files of its suite.
 * @param failing names of tests that fail; the others pass.
 */
export function suiteWork(failing: ReadonlySet<string>): (task: Task, view: TaskView) => RunScript {
  return (task, view) => {
    const texts = textsIn(task);
    const results = texts.map(junitPath).find((path) => path !== null);
    if (results == null) return {};
    const tests = testsOf(suiteFolders(task, texts), view);
    const failed = tests.filter(({ name }) => failing.has(name));
    return {
      durationInMs: 300,
      result: failed.length > 0 ? 'FAILED' : 'SUCCESS',
      ...(failed.length > 0
        ? { error: `RuntimeError: ${failed.length} of ${tests.length} tests failed` }
        : {}),
      writes: [{ path: results, content: junit(tests, failing) }],
    };
  };
}

/** Every text anywhere in a task. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** The path in a text such as `--junitxml=/Volumes/…/results.xml`; null when it names none. */
function junitPath(text: string): string | null {
  return /\/Volumes\/[^=]+\.xml$/.exec(text)?.[0] ?? null;
}

/** The folders that a task names; where it names none, that of its program. */
function suiteFolders({ spark_python_task, notebook_task }: Task, texts: readonly string[]): string[] {
  const program = spark_python_task?.python_file ?? notebook_task?.notebook_path ?? '';
  const named = texts.filter((text) => text.startsWith('/') && text !== program && junitPath(text) === null);
  return named.length > 0 ? named : [program.slice(0, program.lastIndexOf('/'))];
}

interface FoundTest {
  readonly file: string;
  readonly name: string;
}

function testsOf(folders: readonly string[], view: TaskView): FoundTest[] {
  const files = folders
    .flatMap((folder) => view.filesBelow(folder))
    .filter((path) => /(^|\/)test_[^/]*$/.test(path));
  return files.flatMap((file) => {
    const text = new TextDecoder().decode(view.read(file));
    return [...text.matchAll(/^\s*def (test_\w+)\(/gm)].map(([, name = '']) => ({ file, name }));
  });
}

/** As pytest writes it. */
function junit(tests: readonly FoundTest[], failing: ReadonlySet<string>): string {
  const failures = tests.filter(({ name }) => failing.has(name)).length;
  const cases = tests.map(({ file, name }) => {
    const className = file.split('/').slice(-2).join('.').replace(/\.py$/, '');
    const failure = '<failure message="AssertionError: made to fail">assert False</failure>';
    return `<testcase classname="${className}" name="${name}" time="0.010">${failing.has(name) ? failure : ''}</testcase>`;
  });
  const counts = `errors="0" failures="${failures}" skipped="0" tests="${tests.length}" time="0.300"`;
  return `<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" ${counts}>${cases.join('')}</testsuite></testsuites>`;
}
