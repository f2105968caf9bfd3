import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readProjectFile, readStoredProject } from '../../shared/project/project-file.ts';
import { projectSchema, SCHEMA_FILE } from '../../tools/project-schema.ts';

const SUBSCRIPTION = '10000000-0000-4000-8000-000000000001';
const SMALL = `
project: parking
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: 138 }
environments:
  dev: { key: dev, subscription: ${SUBSCRIPTION} }
`;

function problemsOf(yaml: string): string {
  try {
    readProjectFile(yaml);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'none';
}

describe('a project is registered by one file', () => {
  test('names, pipelines and subscriptions are enough: nothing is gated, frozen or rolled back by itself', () => {
    expect(readProjectFile(SMALL)).toEqual({
      project: 'parking',
      azureDevOps: { organization: 'contoso', project: 'parking', artifactsPipeline: '138' },
      branches: ['main'],
      environments: {
        dev: {
          key: 'dev',
          subscription: SUBSCRIPTION,
          approvals: 0,
          approvers: [],
          requesterMayApprove: false,
          approvalExpires: 30 * 86_400_000,
          policy: 'latest',
          freezeWindows: [],
          strategy: 'in-place',
          keepReleases: 3,
          verifyNotebooks: false,
          allowPersonalFolders: false,
          rollback: 'none',
          when: 'succeeded',
          skip: [],
          allowFailure: [],
        },
      },
    });
  });

  test("the example's file can be read, and keeps the order of its environments", () => {
    const yaml = readFileSync(join(__dirname, '../../examples/parking-sensors/slipway.yaml'), 'utf8');
    const { environments, azureDevOps } = readProjectFile(yaml);
    expect(Object.keys(environments)).toEqual(['dev', 'staging', 'production']);
    expect(Object.values(environments).map(({ approvals }) => approvals)).toEqual([0, 1, 1]);
    expect(azureDevOps.releasePipeline).toBe('139');
  });

  test.each([
    ['12 hours', 43_200_000],
    ['1 day', 86_400_000],
    ['1.5 days', 129_600_000],
  ])('an approval that expires after %s', (text, expected) => {
    const given = readProjectFile(`${SMALL.trimEnd().slice(0, -2)}, approvalExpires: ${text} }`).environments
      .dev;
    expect(given?.approvalExpires).toBe(expected);
  });

  test('what was registered is read from its stored form, and nothing else is', () => {
    expect(readStoredProject({ yaml: SMALL }).project).toBe('parking');
    expect(() => readStoredProject({ yaml: 7 })).toThrow('the stored registration has no slipway.yaml');
    expect(() => readStoredProject(null)).toThrow('the stored registration has no slipway.yaml');
  });
});

describe('a wrong file is refused with every problem, its place and its line', () => {
  test('all at once', () => {
    const yaml = `project: Parking Sensors
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: none }
environments:
  dev:
    key: development-1
    subscription: mine
    freezeWindows: [{ when: friday, why: rest }]
`;
    const problems = problemsOf(yaml);
    for (const part of [
      'line 1, project: lower-case letters',
      'line 2, azureDevOps.artifactsPipeline:',
      'line 5, environments.dev.key: at most ten',
      'line 6, environments.dev.subscription: a GUID such as',
      'line 7, environments.dev.freezeWindows.0.when: a stretch of the week in UTC such as "fri 17:00 - mon 07:00"',
    ])
      expect(problems).toContain(part);
  });

  test.each([
    ['brnaches: [main]', 'there is no key "brnaches", did you mean "branches"?'],
    ['Environment: {}', 'there is no key "Environment", did you mean "environments"?'],
    ['colour: red', 'there is no key "colour"'],
  ])('an unknown key with a suggestion: %s', (line, problem) => {
    const problems = problemsOf(`${SMALL}${line}\n`);
    expect(problems).toContain(problem);
    if (line.startsWith('colour')) expect(problems).not.toContain('did you mean');
  });

  test.each([
    [
      'skip: [feature-flag]',
      'skip.0: there is no step or stage "feature-flag", did you mean "feature-flags"?',
    ],
    [
      'skip: [everything]',
      'skip.0: there is no step or stage "everything": there are infrastructure, unity-catalog',
    ],
    [
      'allowFailure: [smoketests]',
      'allowFailure.0: there is no step or stage "smoketests", did you mean "smoke-tests"?',
    ],
    [
      'allowFailure: [wheel]',
      'allowFailure.0: "wheel" may not fail, since later steps are built on it: allowed are feature',
    ],
    ['after: [deb]', 'after.0: there is no environment "deb", did you mean "dev"?'],
    ['after: [dev, qa]', 'after.1: "qa" does not stand above qa, so it cannot be waited for'],
    ['when: never', 'when: Invalid option: expected one of "succeeded"|"failed"|"always"'],
  ])('a condition that names nothing: %s', (condition, problem) => {
    const yaml = `${SMALL}  qa: { key: qa, subscription: ${SUBSCRIPTION}, ${condition} }\n`;
    expect(problemsOf(yaml)).toContain(`slipway.yaml: line 6, environments.qa.${problem}`);
  });

  test.each(['intake', 'smoke-tests', 'integration-tests-uat', 'rollout'])(
    'an environment that is called like a stage of our own: %s',
    (name) => {
      const yaml = `${SMALL}  ${name}: { key: qa, subscription: ${SUBSCRIPTION} }\n`;
      expect(problemsOf(yaml)).toContain(
        `line 6, environments.${name}: "${name}" is a name of Slipway's own stages: call the environment otherwise`,
      );
    },
  );

  test.each([
    ['attempts: 0', 'retries.attempts: Too small'],
    ['firstPause: soon', 'retries.firstPause: a time such as "15 seconds" or "2 minutes"'],
    ['attemps: 2', 'retries: there is no key "attemps", did you mean "attempts"?'],
  ])('retries that cannot be: %s', (retries, problem) => {
    expect(problemsOf(`${SMALL}retries: { ${retries} }\n`)).toContain(problem);
  });

  test('two environments with one key', () => {
    const yaml = `${SMALL}  staging: { key: dev, subscription: ${SUBSCRIPTION} }\n`;
    expect(problemsOf(yaml)).toBe(
      'slipway.yaml: line 5, environments: every environment needs a key of its own',
    );
  });

  test.each([
    [
      'no environments',
      SMALL.replace(/environments:[\s\S]*/, 'environments: {}'),
      'at least one environment',
    ],
    ['a key that stands twice', `${SMALL}project: other\n`, 'Map keys must be unique'],
    ['no YAML', 'a: [', 'slipway.yaml: '],
    ['nothing', '', 'the file: '],
    [
      'an alias that grows',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [${'*b,'.repeat(20)}]`,
      'alias',
    ],
  ])('%s', (_title, yaml, part) => {
    expect(problemsOf(yaml)).toContain(part);
  });
});

test('the JSON schema for editors is the one of the reader: npx tsx tools/project-schema.ts', () => {
  expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(JSON.parse(projectSchema()));
});
