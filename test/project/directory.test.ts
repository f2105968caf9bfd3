import { describe, expect, test } from '@jest/globals';
import type { Build } from '../../shared/engine/azure-devops-client.ts';
import type { LogFields, RegisteredProject } from '../../shared/engine/ports.ts';
import type { WebhookEvent } from '../../shared/engine/webhook-events.ts';
import { Refusal, TransientFailure } from '../../shared/errors.ts';
import type { DirectoryParts } from '../../shared/project/directory.ts';
import { projectDirectory } from '../../shared/project/directory.ts';
import { NO_CLIENTS } from '../engine/simulator/no-clients.ts';

const NOW = Date.UTC(2026, 10, 23);
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function registered(name: string, pipeline: number, organization = 'contoso'): RegisteredProject {
  const yaml = `project: ${name}
azureDevOps: { organization: ${organization}, project: parking, artifactsPipeline: ${pipeline} }
environments: { dev: { key: dev, subscription: 5a4d0b0e-0000-4000-8000-000000000001 } }`;
  return { name, settings: { yaml }, tag: '1' };
}

function meaningOf(
  change: Partial<Extract<WebhookEvent, { type: 'build-completed' }>>,
  projects = [registered('parking-sensors', 138)],
  errors: string[] = [],
  clients: DirectoryParts['clients'] = NO_CLIENTS,
) {
  const directory = projectDirectory({
    projects: { listProjects: () => Promise.resolve(projects) },
    approvals: { meaningOf: () => Promise.reject(new Error('no approval was asked for')) },
    clients,
    kinds: new Set(['artifacts', 'configuration', 'notebooks']),
    now: () => NOW,
  });
  const event: WebhookEvent = {
    ...{
      type: 'build-completed',
      sourceProject: 'p',
      build: '20163',
      definition: '138',
      branch: 'refs/heads/main',
    },
    ...{ commit: null, number: '20261123.1', requestedBy: null },
    ...change,
  };
  const error = (text: string, { project }: LogFields) => void errors.push(`${project}: ${text}`);
  const log = { info: () => undefined, warn: () => undefined, error };
  return directory.meaningOf(event, { traceparent: TRACE, log });
}

describe('a completed build', () => {
  test('of a registered pipeline on its branch asks for the one run of that build', async () => {
    expect(await meaningOf({})).toMatchObject({
      project: 'parking-sensors',
      start: {
        id: 'release-20163',
        kind: 'release',
        release: { name: 'build-20163', order: 20163 },
        at: NOW,
        traceparent: TRACE,
      },
    });
  });

  test('asks for the stages whose steps this version has', async () => {
    const meaning = await meaningOf({});
    if (!('start' in meaning)) throw new Error('no run was asked for');
    expect(
      meaning.start.pipeline.stages.map(({ name, steps }) => [name, steps.map((step) => step.name)]),
    ).toEqual([
      ['intake', ['artifacts', 'configuration']],
      ['dev', ['notebooks']],
    ]);
  });

  test.each([
    [
      'of another branch',
      { branch: 'refs/heads/feature' },
      /refs\/heads\/feature; releases are made of main/,
    ],
    [
      'of a branch whose name only ends alike',
      { branch: 'refs/heads/feature/main' },
      /releases are made of main/,
    ],
    [
      'of another pipeline',
      { definition: '999' },
      /pipeline 999 is the artifacts pipeline of no registered project/,
    ],
  ])('%s starts nothing', async (_title, change, reason) => {
    expect(await meaningOf(change)).toMatchObject({ ignored: expect.stringMatching(reason) });
  });

  test('without the name of its pipeline starts a run only where one project can be meant', async () => {
    expect(await meaningOf({ definition: null })).toHaveProperty('start');
    const two = [registered('parking-sensors', 138), registered('other', 140)];
    expect(await meaningOf({ definition: null }, two)).toMatchObject({
      ignored: expect.stringMatching(/set "Resource details/),
    });
  });

  test('starts nothing while no project is registered', async () => {
    expect(await meaningOf({}, [])).toEqual({ project: null, ignored: 'no project is registered' });
  });
});

describe('a registration that can no longer be read', () => {
  const broken: RegisteredProject = {
    name: 'old',
    settings: { yaml: 'project: old\npipelines: { artifacts: 140 }' },
    tag: '1',
  };
  const both = [broken, registered('parking-sensors', 138)];

  test('stops no other project, and the log names it', async () => {
    const errors: string[] = [];
    expect(await meaningOf({}, both, errors)).toHaveProperty('start');
    expect(errors).toEqual([expect.stringMatching(/^old: its registration cannot be read: slipway\.yaml: /)]);
  });

  test.each([['140'], [null]])('has an event put off that may be of it (pipeline %s)', async (definition) => {
    const meaning = meaningOf({ definition }, [broken]);
    await expect(meaning).rejects.toThrow(TransientFailure);
    await expect(meaning).rejects.toThrow(
      'the event may be for project old, whose registration this version of Slipway cannot read: register it anew ' +
        'with PUT /api/projects/old',
    );
  });

  test('holds up no event of a pipeline that it does not name', async () => {
    expect(await meaningOf({ definition: '14' }, both)).toMatchObject({ project: null });
  });
});

describe('two projects whose pipelines have one number', () => {
  const both = [registered('parking-sensors', 138), registered('meters', 138, 'fabrikam')];

  /** Each organisation has build 20163 of this pipeline, in its own project with this GUID; null: it refuses us. */
  function organizations(has: Readonly<Record<string, { definition: string; projectId: string } | null>>) {
    const build = async (organization: string): Promise<Build | null> => {
      const found = has[organization];
      if (found === null) throw new Refusal('Azure DevOps does not allow this');
      const rest = {
        id: '20163',
        number: '1',
        status: 'completed',
        result: 'succeeded',
        branch: 'refs/heads/main',
      };
      return found === undefined ? null : { ...rest, commit: '', ...found };
    };
    return {
      azureDevOps: (name: string) => ({ build: () => build(name) }),
    };
  }

  test.each([
    ['contoso', 'parking-sensors'],
    ['fabrikam', 'meters'],
  ])('do not block each other: the build is looked for in both (%s)', async (organization, project) => {
    const clients = organizations({ [organization]: { definition: '138', projectId: 'P' } });
    expect(await meaningOf({}, both, [], clients)).toMatchObject({ project, start: { id: 'release-20163' } });
  });

  test('are told apart by the project of Azure DevOps, where both have such a build', async () => {
    const clients = organizations({
      contoso: { definition: '138', projectId: 'another' },
      fabrikam: { definition: '138', projectId: 'p' },
    });
    expect(await meaningOf({}, both, [], clients)).toMatchObject({ project: 'meters' });
  });

  test('are named where neither has it', async () => {
    const clients = organizations({ contoso: { definition: '7', projectId: 'p' } });
    expect(await meaningOf({}, both, [], clients)).toEqual({
      project: null,
      ignored:
        'pipeline 138 is the artifacts pipeline of parking-sensors (contoso/parking), meters (fabrikam/parking), and ' +
        'build 20163 is in none of them',
    });
  });

  test('are put off where one of them cannot be asked', async () => {
    await expect(meaningOf({}, both, [], organizations({ fabrikam: null }))).rejects.toThrow(
      'build 20163 may be of parking-sensors (contoso/parking), meters (fabrikam/parking): meters: Azure DevOps does not',
    );
    const clients = organizations({ contoso: { definition: '138', projectId: 'p' }, fabrikam: null });
    expect(await meaningOf({}, both, [], clients)).toMatchObject({ project: 'parking-sensors' });
  });

  test('are both named where they really have one pipeline', async () => {
    const same = [registered('parking-sensors', 138), registered('meters', 138)];
    const clients = organizations({ contoso: { definition: '138', projectId: 'p' } });
    expect(await meaningOf({}, same, [], clients)).toMatchObject({
      ignored: expect.stringMatching(
        /parking-sensors .*, meters .*: register one of them with another pipeline$/,
      ),
    });
  });
});
