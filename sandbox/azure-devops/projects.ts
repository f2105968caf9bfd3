import { json } from '../twin/exchange.ts';
import { type Route, route } from '../twin/route.ts';
import { type Context, dateOf, organizationUrl } from './context.ts';
import { getProject, listProjects } from './contract/projects-table.ts';
import { page } from './page.ts';
import { missing } from './refusals.ts';
import type { Project, Repository } from './state.ts';

/** Adds a project with a repository of its own name; an existing one is left as it is. */
export function addProject(context: Context, name: string, description = ''): Project {
  const known = findProject(context, name);
  if (known) return known;
  const project = { id: context.chance.uuid(), name, description, changedAt: context.clock.now() };
  context.state.projects.set(project.id, project);
  addRepository(context, project, name);
  return project;
}

export function addRepository(context: Context, project: Project, name: string): Repository {
  const id = context.chance.uuid();
  const base = { id, projectId: project.id, name, defaultBranch: 'refs/heads/main' };
  const repository: Repository = { ...base, branches: new Map(), commits: new Map() };
  context.state.repositories.set(id, repository);
  return repository;
}

export function findProject({ state }: Context, nameOrId: string): Project | undefined {
  const wanted = nameOrId.toLowerCase();
  return [...state.projects.values()].find(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
}

/** A project that must exist; throws an error otherwise. */
export function projectNamed(context: Context, nameOrId: string): Project {
  const project = findProject(context, nameOrId);
  if (!project) throw new Error(`there is no project "${nameOrId}"`);
  return project;
}

/** The project that a request's path names; refuses an unknown one, and another organisation. */
export function projectOf(context: Context, call: { param(name: string): string }): Project {
  checkOrganization(context, call);
  const project = findProject(context, call.param('project'));
  if (project) return project;
  throw missing(
    'ProjectDoesNotExistWithNameException',
    `TF200016: The following project does not exist: ${call.param('project')}.`,
  );
}

/** Refuses a request for another organisation. */
export function checkOrganization(context: Context, call: { param(name: string): string }): void {
  const organization = call.param('organization');
  if (organization.toLowerCase() === context.organization.toLowerCase()) return;
  throw missing('HostNotFoundException', `organization ${organization} does not exist`);
}

/** The wire form of a project inside another thing. */
export function projectReferenceOf({ state }: Context, id: string) {
  const name = state.projects.get(id)?.name ?? '';
  return { id, name, state: 'wellFormed', visibility: 'private' };
}

function wholeProject(context: Context, project: Project) {
  return {
    ...projectReferenceOf(context, project.id),
    description: project.description,
    url: `${organizationUrl(context)}/_apis/projects/${project.id}`,
    revision: 11,
    lastUpdateTime: dateOf(project.changedAt),
  };
}

export function projectRoutes(context: Context): Route[] {
  return [
    route(listProjects, (call) => {
      checkOrganization(context, call);
      const { $top, $skip = 0, continuationToken } = call.query;
      const all = [...context.state.projects.values()].slice($skip);
      return page(all, { keyOf: ({ id }) => id, top: $top, continuationToken }, (project) =>
        wholeProject(context, project),
      );
    }),
    route(getProject, (call) => {
      checkOrganization(context, call);
      const param = (name: string) => call.param(name === 'project' ? 'projectId' : name);
      return json(wholeProject(context, projectOf(context, { param })));
    }),
  ];
}
