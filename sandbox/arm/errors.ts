import { json, Refusal } from '../twin/exchange.ts';

/** An error as ARM words it; deployments nest them in `details`. */
export interface ArmError {
  code: string;
  message: string;
  target?: string;
  details?: ArmError[];
  additionalInfo?: { type: string; info: object }[];
}

/** Something wrong with a deployment: answered at once, or the end of a deployment that runs. */
export class DeploymentProblem extends Error {
  readonly error: ArmError;
  readonly status: number;

  constructor(error: ArmError, status = 400) {
    super(error.message);
    this.error = error;
    this.status = status;
  }
}

/** Refuses a request with an error body. */
export function refuse(status: number, error: ArmError): Refusal {
  return new Refusal(json({ error }, status));
}

/** A template, or what it was given, breaks a rule of the template language; `path` says where in the request. */
export function invalidTemplate(why: string, path?: string): DeploymentProblem {
  const info = { lineNumber: 1, linePosition: 1, path: path ?? '' };
  return new DeploymentProblem({
    code: 'InvalidTemplate',
    message: `Deployment template validation failed: '${why}'.`,
    ...(path === undefined ? {} : { additionalInfo: [{ type: 'TemplateViolation', info }] }),
  });
}

/** The providers refuse resources before anything is deployed. */
export function invalidDeployment(name: string, trackingId: string, details: ArmError[]): DeploymentProblem {
  return new DeploymentProblem({
    code: 'InvalidTemplateDeployment',
    message: `The template deployment '${name}' is not valid according to the validation procedure. The tracking id is '${trackingId}'. See inner errors for details.`,
    details: [
      {
        code: 'PreflightValidationCheckFailed',
        message: 'Preflight validation failed. Please refer to the details for the specific errors.',
        details,
      },
    ],
  });
}

/** The caller may not write resources of the template; found before anything is deployed. */
export function forbiddenResources(
  principal: string,
  resources: readonly { name: string; type: string; action: string; id: string }[],
): DeploymentProblem {
  const [first = '', ...more] = resources.map(
    ({ name, type, action, id }) =>
      `Authorization failed for template resource '${name}' of type '${type}'. The client '${principal}' with object id '${principal}' does not have permission to perform action '${action}' at scope '${id}'.`,
  );
  const message =
    more.length === 0
      ? `The template deployment failed with error: '${first}'.`
      : `Deployment failed with multiple errors: '${[first, ...more].join(':')}'`;
  return new DeploymentProblem({ code: 'InvalidTemplateDeployment', message });
}

/** How a deployment ends when resources of it failed: each error of a provider is JSON as text inside of a detail. */
export function deploymentFailed(target: string, failures: readonly ArmError[]): ArmError {
  return {
    code: 'DeploymentFailed',
    target,
    message:
      'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.',
    details: failures.map((error) => ({
      code: error.code,
      message: JSON.stringify({ error }, undefined, 2).replaceAll('\n', '\r\n'),
    })),
  };
}

/** What any thrown thing is to a deployment: its own problem, or a template that cannot be evaluated. */
export function errorOf(thrown: unknown): ArmError {
  if (thrown instanceof DeploymentProblem) return thrown.error;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return invalidTemplate(message).error;
}
