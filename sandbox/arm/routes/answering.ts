import type { Answer } from '../../twin/exchange.ts';
import { DeploymentProblem, refuse } from '../errors.ts';

/** Answers with what the work gives; a problem of a deployment becomes an error answer. */
export function answering(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof DeploymentProblem) throw refuse(error.status, error.error);
    throw error;
  }
}
