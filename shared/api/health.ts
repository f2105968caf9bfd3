import type { Ports } from '../engine/engine-ports.ts';
import type { Projects } from '../engine/ports.ts';
import { messageOf } from '../errors.ts';
import type { Answer } from './answer.ts';

/** Whether the state can be read: what a load balancer or a person asks first. */
export async function getHealth({
  projects,
  log,
}: Pick<Ports, 'log'> & { readonly projects: Projects }): Promise<Answer> {
  try {
    await projects.listProjects();
    return { status: 200, jsonBody: { status: 'healthy', checks: { storage: 'ok' } } };
  } catch (error) {
    log.error(`the storage does not answer: ${messageOf(error)}`, {});
    return { status: 503, jsonBody: { status: 'unhealthy', checks: { storage: 'does not answer' } } };
  }
}
