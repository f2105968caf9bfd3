import { DeploymentProblem, errorOf } from '../errors.ts';
import type { ExpressionContext } from '../expressions/context.ts';
import { evaluateDeep, loopItems } from '../expressions/evaluate.ts';
import { asBoolean, type Value } from '../expressions/value.ts';
import { type OutputDefinition, type Template, typeOf } from '../template/template.ts';
import { shown } from './describe.ts';

/** The outputs of a deployment; secure ones have no value. Throws `DeploymentProblem` when one cannot be evaluated. */
export function outputsOf(
  template: Template,
  context: ExpressionContext,
): Record<string, { type: string; value?: Value }> {
  const outputs: Record<string, { type: string; value?: Value }> = {};
  for (const [name, definition] of Object.entries(template.outputs)) {
    try {
      if (definition.condition !== undefined && !asBoolean(evaluateDeep(definition.condition, context)))
        continue;
      outputs[name] = shown(typeOf(template, definition), valueOfOutput(definition, context));
    } catch (error) {
      throw outputProblem(name, errorOf(error).message);
    }
  }
  return outputs;
}

function valueOfOutput({ value, copy }: OutputDefinition, context: ExpressionContext): Value {
  if (!copy) return evaluateDeep(value ?? null, context);
  return loopItems(copy, context).map((inner) => evaluateDeep(copy.input ?? null, inner));
}

function outputProblem(name: string, why: string): DeploymentProblem {
  return new DeploymentProblem({
    code: 'DeploymentOutputEvaluationFailed',
    message: `Unable to evaluate template outputs: '${name}'. Please see error details and deployment operations. Please see https://aka.ms/arm-common-errors for usage details.`,
    details: [
      {
        code: 'DeploymentOutputEvaluationFailed',
        target: name,
        message: `The template output '${name}' is not valid: ${why}.`,
      },
    ],
  });
}
