import { describe, expect, test } from '@jest/globals';
import { answer } from '../../shared/api/answer.ts';
import { putProject } from '../../shared/api/projects.ts';
import type { RegisteredProject } from '../../shared/engine/ports.ts';

function yamlOf(name: string, place: string): string {
  return `project: ${name}
azureDevOps: { ${place} }
environments: { dev: { key: dev, subscription: 5a4d0b0e-0000-4000-8000-000000000001 } }`;
}

const PLACE = 'organization: contoso, project: parking, artifactsPipeline: 138';

/** Registers a project where these are registered. */
async function register(yaml: string, before: readonly RegisteredProject[] = []) {
  const all = new Map(before.map((each) => [each.name, each]));
  const projects = {
    readProject: async (name: string) => all.get(name) ?? null,
    listProjects: async () => [...all.values()],
    registerProject: async () => 'a tag',
  };
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const name = /^project: (.*)$/m.exec(yaml)?.[1] ?? '';
  return answer({ error: () => undefined }, () => putProject({ projects, log: quiet }, name, yaml));
}

describe('the builds of one pipeline are released by one project', () => {
  const first = { name: 'parking-sensors', settings: { yaml: yamlOf('parking-sensors', PLACE) }, tag: '1' };

  test('a second project with that pipeline is refused, and told which one has it', async () => {
    const place = 'organization: Contoso, project: Parking, artifactsPipeline: 138';
    expect(await register(yamlOf('meters', place), [first])).toMatchObject({
      status: 409,
      jsonBody: {
        detail:
          'Pipeline 138 of Contoso/Parking is the artifactsPipeline of project parking-sensors, and its builds can be ' +
          'released by one project only. Give meters a pipeline of its own, or give that project another one first.',
      },
    });
  });

  test.each([
    'organization: fabrikam, project: parking, artifactsPipeline: 138',
    'organization: contoso, project: meters, artifactsPipeline: 138',
    'organization: contoso, project: parking, artifactsPipeline: 139',
  ])('the same number elsewhere is another pipeline: %s', async (place) => {
    expect((await register(yamlOf('meters', place), [first])).status).toBe(201);
  });

  test('a project may be registered anew, and beside one that can no longer be read', async () => {
    expect((await register(yamlOf('parking-sensors', PLACE), [first])).status).toBe(200);
    const broken = { name: 'old', settings: { yaml: 'project: old' }, tag: '1' };
    expect((await register(yamlOf('parking-sensors', PLACE), [broken])).status).toBe(201);
  });
});
