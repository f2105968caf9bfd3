import { expect, test } from '@jest/globals';
import * as access from '../../../sandbox/databricks/contract/access-table.ts';
import * as clusters from '../../../sandbox/databricks/contract/clusters-table.ts';
import * as dbfs from '../../../sandbox/databricks/contract/dbfs-table.ts';
import * as files from '../../../sandbox/databricks/contract/files-table.ts';
import * as jobs from '../../../sandbox/databricks/contract/jobs-table.ts';
import * as runs from '../../../sandbox/databricks/contract/runs-table.ts';
import * as storage from '../../../sandbox/databricks/contract/storage-table.ts';
import * as unityCatalog from '../../../sandbox/databricks/contract/unity-catalog-table.ts';
import * as workspace from '../../../sandbox/databricks/contract/workspace-table.ts';
import type { Operation } from '../../../sandbox/twin/contract.ts';
import { testAgainstSpecification } from '../twin/contract-folder.ts';
import { readSdkSpec } from '../twin/sdk-spec.ts';

const TABLES = [access, clusters, dbfs, files, jobs, runs, storage, unityCatalog, workspace];
const operations = TABLES.flatMap((table) => Object.values(table).flatMap(operationsIn));
const FILES = ['workspace', 'files', 'compute', 'jobs', 'catalog', 'iam'];

testAgainstSpecification({
  service: 'Databricks',
  operations,
  files: FILES.map((name) => `databricks/${name}.json`),
  read: (text, open) => readSdkSpec(text, (name) => open(`databricks/${name}.json`)),
});

test('the tables hold every operation once', () => {
  const names = operations.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(80);
  expect(new Set(names).size).toBe(names.length);
});

/** Tables export operations, groups of operations, and shapes. */
function operationsIn(value: object): Operation[] {
  if (isOperation(value)) return [value];
  return Object.values(value).filter(isOperation);
}

function isOperation(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null && 'method' in value && 'responses' in value;
}
