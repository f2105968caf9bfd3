import { expect, test } from '@jest/globals';
import type { TaskView } from '../../../sandbox/databricks/context.ts';
import { suiteWork } from '../../../sandbox/release/test-suites.ts';
import { base64, openWorkspace } from '../databricks/client.ts';

const RESULTS = '/Volumes/c/s/v/run-1/tests.xml';
const SUITE = 'def helper():\n    pass\n\ndef test_counts():\n    assert 1\n\n    def test_rows(self):\n';
const TASK = {
  task_key: 'tests',
  spark_python_task: { python_file: '/Shared/t/run.py', parameters: ['/Shared/t/suite', 'c', RESULTS] },
};
const VIEW: TaskView = {
  filesBelow: (folder) =>
    folder === '/Shared/t/suite' ? ['/Shared/t/suite/conftest.py', '/Shared/t/suite/test_a.py'] : [],
  read: (path) => Buffer.from(path.endsWith('test_a.py') ? SUITE : 'def test_is_no_test(): pass'),
};

test('every test function of the suite passes, and stands in the file', () => {
  const { result, writes } = suiteWork(new Set())(TASK, VIEW);
  expect(result).toBe('SUCCESS');
  expect(writes).toMatchObject([{ path: RESULTS }]);
  const xml = writes?.[0]?.content ?? '';
  expect(xml).toContain('errors="0" failures="0" skipped="0" tests="2"');
  expect([...xml.matchAll(/classname="([^"]+)" name="([^"]+)"/g)].map(([, ...names]) => names)).toEqual([
    ['suite.test_a', 'test_counts'],
    ['suite.test_a', 'test_rows'],
  ]);
});

test('a test that is to fail fails, and so does its task', () => {
  const { result, error, writes } = suiteWork(new Set(['test_rows']))(TASK, VIEW);
  expect([result, error]).toEqual(['FAILED', 'RuntimeError: 1 of 2 tests failed']);
  expect(writes?.[0]?.content).toContain('name="test_rows" time="0.010"><failure');
});

test('a task without such a file does what tasks do', () => {
  expect(suiteWork(new Set())({ task_key: 'load' }, VIEW)).toEqual({});
});

test('a workspace asks it for every task without a script', async () => {
  const { call, pass } = openWorkspace({
    metastoreStorageRoot: 'abfss://meta@stmeta001.dfs.core.windows.net/',
    work: suiteWork(new Set()),
  });
  const unityCatalog = (kind: string, body: object) =>
    call('POST', `/api/2.1/unity-catalog/${kind}`, { body });
  await unityCatalog('catalogs', { name: 'c' });
  await unityCatalog('schemas', { name: 's', catalog_name: 'c' });
  await unityCatalog('volumes', { name: 'v', catalog_name: 'c', schema_name: 's', volume_type: 'MANAGED' });
  await call('POST', '/api/2.0/workspace/mkdirs', { body: { path: '/Shared/t/suite' } });
  for (const [path, text] of [
    ['run.py', ''],
    ['suite/test_a.py', SUITE],
  ] as const) {
    const file = { path: `/Shared/t/${path}`, content: base64(text), format: 'RAW' };
    await call('POST', '/api/2.0/workspace/import', { body: file });
  }
  await call('POST', '/api/2.2/jobs/runs/submit', { body: { run_name: 'tests', tasks: [TASK] } });
  pass(50);
  await call('GET', '/api/2.2/jobs/runs/list');
  pass(1_000);
  const { raw } = await call('GET', `/api/2.0/fs/files${RESULTS}`);
  expect(Buffer.from(raw).toString()).toContain('tests="2"');
});
