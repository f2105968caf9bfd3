import * as approvals from '../../../sandbox/azure-devops/contract/approvals-table.ts';
import * as builds from '../../../sandbox/azure-devops/contract/build-table.ts';
import * as content from '../../../sandbox/azure-devops/contract/content-table.ts';
import * as environments from '../../../sandbox/azure-devops/contract/environments-table.ts';
import * as git from '../../../sandbox/azure-devops/contract/git-table.ts';
import * as hooks from '../../../sandbox/azure-devops/contract/hooks-table.ts';
import * as pipelines from '../../../sandbox/azure-devops/contract/pipelines-table.ts';
import * as projects from '../../../sandbox/azure-devops/contract/projects-table.ts';
import * as tests from '../../../sandbox/azure-devops/contract/test-table.ts';
import * as groups from '../../../sandbox/azure-devops/contract/variable-groups-table.ts';
import type { Operation } from '../../../sandbox/twin/contract.ts';
import { testAgainstSpecification } from '../twin/contract-folder.ts';
import { readSwagger } from '../twin/swagger-spec.ts';

const FILES = [
  'approvals-7.1',
  'build-7.1',
  'checks-7.1-preview',
  'core-projects-7.1',
  'distributedTask-7.1',
  'git-7.1',
  'pipelinePermissions-7.1-preview',
  'pipelines-7.1',
  'serviceHooks-7.1',
  'test-7.1',
];

const tables = [approvals, builds, content, environments, hooks, pipelines, projects, groups, git, tests];

/** A table file also exports shapes; an operation is what has a method. */
function isOperation(value: object): value is Operation {
  return 'method' in value;
}

testAgainstSpecification({
  service: 'Azure DevOps',
  operations: tables.flatMap((table) => Object.values<object>(table)).filter(isOperation),
  files: FILES.map((name) => `ado/${name}.json`),
  read: (text) => readSwagger(text, { listsAreWrapped: true }),
});
