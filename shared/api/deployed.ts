import type { Ports } from '../engine/engine-ports.ts';
import type { Projects, Records } from '../engine/ports.ts';
import { readManifest } from '../project/manifest.ts';
import { readStoredProject } from '../project/project-file.ts';
import type { Environment } from '../release/model.ts';
import { newEnvironment } from '../release/model.ts';
import { rollbackTarget } from '../release/rollback.ts';
import type { Answer } from './answer.ts';
import { notFound } from './answer.ts';
import { findRelease } from './deployment-target.ts';

type ReadPorts = Pick<Ports, 'store' | 'content' | 'releases'> & {
  readonly projects: Pick<Projects, 'readProject'>;
  readonly records: Pick<Records, 'environments'>;
};

const MOST_LISTED = 200;

/** The releases of a project, newest first, and where each is live. */
export async function listReleases(ports: ReadPorts, project: string): Promise<Answer> {
  if ((await ports.projects.readProject(project)) === null) return notFound(`project ${project}`);
  const [known, environments] = await Promise.all([
    ports.releases.list(project, MOST_LISTED),
    ports.records.environments(project),
  ]);
  const releases = known.map(({ name, order, takenInAt, source }) => {
    return { name, order, takenInAt, source, liveIn: liveIn(environments, name) };
  });
  return { status: 200, jsonBody: { releases } };
}

function liveIn(environments: readonly Environment[], release: string): string[] {
  return environments.filter(({ live }) => live?.release === release).map(({ name }) => name);
}

/** A release with its files by artifact: path, size, SHA-256. */
export async function getRelease(ports: ReadPorts, project: string, name: string): Promise<Answer> {
  if ((await ports.projects.readProject(project)) === null) return notFound(`project ${project}`);
  const found = await findRelease(ports.releases, project, name);
  if ('refusal' in found) return found.refusal;
  const [{ artifacts }, environments] = await Promise.all([
    readManifest(ports.content, found.manifest),
    ports.records.environments(project),
  ]);
  return { status: 200, jsonBody: { ...found, liveIn: liveIn(environments, name), artifacts } };
}

/** The environments of a project: what is live, who holds and waits, freezes and holds. */
export async function listEnvironments({ records }: ReadPorts, project: string): Promise<Answer> {
  return { status: 200, jsonBody: { environments: await records.environments(project) } };
}

/** One environment, with the release that a rollback would go back to now. */
export async function getEnvironment(ports: ReadPorts, project: string, name: string): Promise<Answer> {
  const environment = await findEnvironment(ports, project, name);
  if (environment === null) return notFound(`environment ${name} in project ${project}`);
  const { toUndo } = environment;
  const target = toUndo === null ? null : rollbackTarget(environment, toUndo);
  return { status: 200, jsonBody: { ...environment, rollsBackTo: target?.release ?? null } };
}

/** What Slipway has put into an environment, step by step, as each step notes it. */
export async function getInventory(ports: ReadPorts, project: string, name: string): Promise<Answer> {
  const environment = await findEnvironment(ports, project, name);
  if (environment === null) return notFound(`environment ${name} in project ${project}`);
  const steps = await Promise.all(
    Object.entries(environment.inventories).map(async ([step, { digest, uncertain }]) => {
      const content = digest === null ? null : await readJson(ports, digest);
      return [step, { digest, uncertain, content }] as const;
    }),
  );
  const { live, generation } = environment;
  const inventories = Object.fromEntries(steps);
  return {
    status: 200,
    jsonBody: { environment: name, release: live?.release ?? null, generation, inventories },
  };
}

async function readJson({ content }: ReadPorts, digest: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await content.get(digest)));
}

/** One that is stored, or one of the project's that nothing was ever deployed to. */
async function findEnvironment(
  { records, projects }: ReadPorts,
  project: string,
  name: string,
): Promise<Environment | null> {
  const stored = (await records.environments(project)).find((environment) => environment.name === name);
  if (stored !== undefined) return stored;
  const registered = await projects.readProject(project);
  if (registered === null) return null;
  const { environments } = readStoredProject(registered.settings);
  return Object.hasOwn(environments, name) ? newEnvironment(name) : null;
}
