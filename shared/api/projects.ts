import type { Ports } from '../engine/engine-ports.ts';
import type { Projects } from '../engine/ports.ts';
import { UnreadableInput } from '../errors.ts';
import type { ProjectFile } from '../project/project-file.ts';
import { readStoredProject } from '../project/project-file.ts';
import type { Answer } from './answer.ts';
import { notFound, problem } from './answer.ts';
import { readRegistration } from './requests.ts';

type ProjectPorts = Pick<Ports, 'log'> & { readonly projects: Projects };

/** The registered projects. */
export async function listProjects({ projects }: ProjectPorts): Promise<Answer> {
  const registered = await projects.listProjects();
  return { status: 200, jsonBody: { projects: registered.map(({ name }) => ({ project: name })) } };
}

export async function getProject({ projects }: ProjectPorts, name: string): Promise<Answer> {
  const found = await projects.readProject(name);
  return found === null
    ? notFound(`project ${name}`)
    : { status: 200, jsonBody: readStoredProject(found.settings) };
}

/** Registers a project, or registers it anew: the body is its slipway.yaml. Runs under way keep what they began with. */
export async function putProject(
  { projects, log }: ProjectPorts,
  name: string,
  yaml: string,
): Promise<Answer> {
  const file = readRegistration(yaml);
  if (file.project !== name) {
    return problem(
      400,
      'The request cannot be read',
      `The file is of project "${file.project}", the address of "${name}".`,
    );
  }
  const other = await sameArtifacts(projects, file);
  if (other !== null)
    return problem(
      409,
      'Another project has this pipeline',
      `Pipeline ${file.azureDevOps.artifactsPipeline} of ${file.azureDevOps.organization}/${file.azureDevOps.project} is ` +
        `the artifactsPipeline of project ${other}, and its builds can be released by one project only. Give ${name} a ` +
        'pipeline of its own, or give that project another one first.',
    );
  const known = await projects.readProject(name);
  const written = await projects.registerProject(name, { yaml }, known?.tag ?? null);
  if (written === 'conflict')
    return problem(
      409,
      'Somebody else was faster',
      `Project ${name} was just registered by another request. Look at it and try again.`,
    );
  log.info(`project ${name} registered`, { project: name });
  return { status: known === null ? 201 : 200, jsonBody: { project: name } };
}

/** Name of another project that takes its builds from the same pipeline; null: there is none. */
async function sameArtifacts(projects: Projects, file: ProjectFile): Promise<string | null> {
  const others = (await projects.listProjects()).filter(({ name }) => name !== file.project);
  const wanted = pipelineIn(file);
  return others.find((other) => wanted === pipelineOrNull(other.settings))?.name ?? null;
}

/** Azure DevOps does not tell cases apart in names. */
function pipelineIn({ azureDevOps: { organization, project, artifactsPipeline } }: ProjectFile): string {
  return JSON.stringify([organization.toLowerCase(), project.toLowerCase(), artifactsPipeline]);
}

/** Null: the registration cannot be read, which is no matter of somebody else's. */
function pipelineOrNull(settings: unknown): string | null {
  try {
    return pipelineIn(readStoredProject(settings));
  } catch (error) {
    if (error instanceof UnreadableInput) return null;
    throw error;
  }
}
