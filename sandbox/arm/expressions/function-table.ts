import { collectionFunctions } from './collection-functions.ts';
import { dateFunctions } from './date-functions.ts';
import type { SpecialFunction, TemplateFunction } from './function-types.ts';
import { lambdaFunctions } from './lambda-functions.ts';
import { logicFunctions, logicSpecials } from './logic-functions.ts';
import { numberFunctions } from './number-functions.ts';
import { listFunction, scopeFunctions } from './scope-functions.ts';
import { textFunctions } from './text-functions.ts';

type Known = { kind: 'plain'; apply: TemplateFunction } | { kind: 'special'; apply: SpecialFunction };

const table = new Map<string, Known>();
for (const functions of [
  textFunctions,
  collectionFunctions,
  numberFunctions,
  logicFunctions,
  scopeFunctions,
  dateFunctions,
])
  for (const [name, apply] of Object.entries(functions))
    table.set(name.toLowerCase(), { kind: 'plain', apply });
for (const functions of [logicSpecials, lambdaFunctions])
  for (const [name, apply] of Object.entries(functions))
    table.set(name.toLowerCase(), { kind: 'special', apply });

/** A function of the template language by its name, whose case does not count; `list…` stands for any name. */
export function functionTable(name: string): Known | undefined {
  const known = table.get(name.toLowerCase());
  if (known || !/^list[A-Z]\w*$/i.test(name)) return known;
  return { kind: 'plain', apply: listFunction(name) };
}
