import type { Value, ValueObject } from './value.ts';

/** What expressions can ask of the deployment that they stand in. */
export interface ExpressionContext {
  scope: DeploymentScope;
  parameter(name: string): Value;
  variable(name: string): Value;
  /** The state of a resource by its id, its name or its symbolic name; throws `NotYetKnown` before the deployment runs. */
  reference(target: string, full: boolean): Value;
  /** What a `list…` function of a resource gives, e.g. its keys; throws like `reference`. */
  list(functionName: string, target: string): Value;
  /** Index of each copy loop around the expression; the innermost one has the name ''. */
  loops: Readonly<Record<string, number>>;
  /** Variables of the lambdas around the expression. */
  lambdaVariables: Readonly<Record<string, Value>>;
  /** A function that the template defines, by `namespace.name`. */
  userFunction(name: string): UserFunction | undefined;
  /** Present only in default values of parameters. */
  moment?: { now: Date; newGuid(): string };
}

/** A function of a template: parameter names in order and an output expression. */
export interface UserFunction {
  parameters: readonly string[];
  output: Value;
}

/** Where a deployment happens. */
export interface DeploymentScope {
  tenantId: string;
  subscriptionId: string;
  resourceGroup: { name: string; location: string; tags?: ValueObject };
  deployment: { name: string; templateHash: string };
}
