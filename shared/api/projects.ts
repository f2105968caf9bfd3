import type { Ports } from '../engine/engine-ports.ts';
import type { Projects } from '../engine/ports.ts';
import { readProjectFile, readStoredProject } from '../project/project-file.ts';
import type { Answer } from './answer.ts';
import { notFound, problem } from './answer.ts';

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
  const file = readProjectFile(yaml);
  if (file.project !== name) {
    return problem(
      400,
      'The request cannot be read',
      `The file is of project "${file.project}", the address of "${name}".`,
    );
  }
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
