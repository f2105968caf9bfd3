import { describe, expect, test } from '@jest/globals';
import { parse, parseDocument } from 'yaml';
import { ARTIFACT_NAMES } from '../../tools/example/artifacts.ts';
import { asObject, namesIn, textOf } from './example-files.ts';

const AZURE_DEVOPS = namesIn('pipelines').filter((name) => name.endsWith('.yml'));
const ALL = [...AZURE_DEVOPS.map((name) => `pipelines/${name}`), 'pipelines/github/ci-artifacts.yml'];

const artifactsPipeline = textOf('pipelines/azure-pipelines-ci-artifacts.yml');
const approvalsPipeline = textOf('pipelines/azure-pipelines-cd-approvals.yml');
const pythonPipeline = textOf('pipelines/azure-pipelines-ci-qa-python.yml');
const infrastructurePipeline = textOf('pipelines/azure-pipelines-ci-qa-infrastructure.yml');

const slipwayYaml = asObject(parse(textOf('examples/parking-sensors/slipway.yaml')), 'slipway.yaml');

function registeredEnvironments(): Record<string, unknown>[] {
  return Object.values(asObject(slipwayYaml.environments, 'environments')).map((value) =>
    asObject(value, 'environment'),
  );
}

describe('the pipeline templates', () => {
  test.each(ALL)('%s is valid YAML', (path) => {
    const document = parseDocument(textOf(path));
    expect([...document.errors, ...document.warnings]).toEqual([]);
  });

  test('are the four of Azure DevOps', () => {
    expect(AZURE_DEVOPS.sort()).toEqual([
      'azure-pipelines-cd-approvals.yml',
      'azure-pipelines-ci-artifacts.yml',
      'azure-pipelines-ci-qa-infrastructure.yml',
      'azure-pipelines-ci-qa-python.yml',
    ]);
  });

  test.each(ALL)('%s hides no failure and holds no secret', (path) => {
    expect(textOf(path)).not.toMatch(/\|\| true|continueOnError: true|TOKEN|password/i);
  });
});

describe('the artifacts pipelines', () => {
  test('publish the artifacts that a release is made of, in Azure DevOps and in GitHub', () => {
    const named = (text: string, key: string) =>
      [...text.matchAll(new RegExp(`^ +${key}: ([\\w-]+)$`, 'gm'))].map(([, name]) => name).sort();
    expect(named(artifactsPipeline, 'artifactName')).toEqual([...ARTIFACT_NAMES].sort());
    const uploads = named(textOf('pipelines/github/ci-artifacts.yml'), 'name').filter((name) =>
      ARTIFACT_NAMES.some((artifact) => artifact === name),
    );
    expect(uploads).toEqual([...ARTIFACT_NAMES].sort());
  });

  test('compile the template before they publish it', () => {
    for (const text of [artifactsPipeline, textOf('pipelines/github/ci-artifacts.yml')]) {
      const compiled = text.indexOf(
        'az bicep build --file infrastructure/main.bicep --outfile infrastructure/main.json',
      );
      expect(compiled).toBeGreaterThan(0);
      expect(text.indexOf(': infrastructure/\n')).toBeGreaterThan(compiled);
    }
  });

  test('use pipeline artifacts, whose content can be read over REST', () => {
    expect(artifactsPipeline).toContain('PublishPipelineArtifact@1');
    expect(artifactsPipeline).not.toContain('PublishBuildArtifacts');
  });

  test('run for pushes to main only', () => {
    const { trigger } = asObject(parse(artifactsPipeline), 'pipeline');
    expect(asObject(asObject(trigger, 'trigger').branches, 'branches').include).toEqual(['main']);
  });
});

describe('the checks of a pull request', () => {
  test('start for no push', () => {
    for (const text of [pythonPipeline, infrastructurePipeline]) {
      expect(asObject(parse(text), 'pipeline').trigger).toBe('none');
    }
  });

  test('lint strictly, lint fully, test with results and coverage, and build the package', () => {
    for (const line of [
      'flake8 src/ --count --select=E9,F63,F7,F82 --show-source --statistics',
      'flake8 src/ --count --exit-zero --max-complexity=10 --max-line-length=127 --statistics',
      'pytest tests/unit/ --junitxml=junit/test-results.xml --cov=src --cov-report=xml',
      'python -m build --wheel',
      'artifactName: python-wheel-qa',
    ]) {
      expect(pythonPipeline).toContain(line);
    }
  });

  test('validate the infrastructure for every environment that the project has', () => {
    const [, environments] = asList(asObject(parse(infrastructurePipeline), 'pipeline').parameters);
    expect(asObject(environments, 'parameter').default).toEqual(
      registeredEnvironments().map(({ key }) => key),
    );
  });

  test('name no service connection by a variable of a group', () => {
    expect(infrastructurePipeline).not.toMatch(/azureSubscription: .*\$\(/);
  });
});

describe('the approvals pipeline', () => {
  test('has a stage for every environment with approvals', () => {
    const wanted = registeredEnvironments().filter(({ approvals }) => approvals !== undefined);
    expect(wanted).toHaveLength(2);
    for (const { azureDevOpsEnvironment } of wanted) {
      expect(approvalsPipeline).toMatch(new RegExp(`environment: ${azureDevOpsEnvironment}( #.*)?\n`));
      expect(approvalsPipeline).toContain(`- stage: ${azureDevOpsEnvironment}\n`);
    }
  });

  test('gives every deployment job a strategy, without which it is not valid', () => {
    const count = (pattern: RegExp) => [...approvalsPipeline.matchAll(pattern)].length;
    expect(count(/- deployment: /g)).toBe(2);
    expect(count(/strategy:[^\n]*\n +runOnce:\n +deploy:\n +steps:/g)).toBe(2);
  });

  test('deploys nothing and downloads nothing', () => {
    expect(approvalsPipeline).not.toContain('task:');
    expect([...approvalsPipeline.matchAll(/- download: none/g)]).toHaveLength(2);
  });
});

function asList(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('no list');
  return value;
}
