import { describe, expect, test } from '@jest/globals';
import { asObject, ENVIRONMENT_KEYS, objectIn, textOf } from './example-files.ts';

const INFRASTRUCTURE = 'examples/parking-sensors/infrastructure';
const GIVEN_BY_SLIPWAY = ['deployment_id', 'project', 'environment', 'location'];

const template = objectIn(`${INFRASTRUCTURE}/main.json`);
const parameters = asObject(template.parameters, 'parameters');

const declared = (text: string, word: 'param' | 'output') =>
  [...text.matchAll(new RegExp(`^${word} (\\w+) `, 'gm'))].map(([, name]) => name ?? '').sort();

/** The nested deployment that a module became: its parameters and its template. */
function moduleProperties(name: string): Record<string, unknown> {
  if (!Array.isArray(template.resources)) throw new Error('main.json has no resources');
  const found = template.resources
    .map((resource: unknown) => asObject(resource, 'a resource'))
    .find((resource) => String(resource.name).includes(`format('${name}-{0}'`));
  return asObject(found?.properties, name);
}

const moduleTemplate = (name: string) => asObject(moduleProperties(name).template, name);

describe('the compiled template', () => {
  test('has the parameters and outputs of the Bicep, no more and no fewer', () => {
    const bicep = textOf(`${INFRASTRUCTURE}/main.bicep`);
    expect(Object.keys(parameters).sort()).toEqual(declared(bicep, 'param'));
    expect(Object.keys(asObject(template.outputs, 'outputs')).sort()).toEqual(declared(bicep, 'output'));
  });

  test.each(['storage', 'access-connector'])(
    'has the parameters, outputs and resources of module %s',
    (name) => {
      const bicep = textOf(`${INFRASTRUCTURE}/modules/${name}.bicep`);
      const compiled = moduleTemplate(name);
      expect(Object.keys(asObject(compiled.parameters, name)).sort()).toEqual(declared(bicep, 'param'));
      expect(Object.keys(asObject(compiled.outputs, name)).sort()).toEqual(declared(bicep, 'output'));
      expect(resourceTypes(compiled)).toEqual(
        [...bicep.matchAll(/^resource \w+ '(.*)' = \{/gm)].map(([, type]) => type),
      );
    },
  );

  test.each(['storage', 'access-connector'])('hands module %s every parameter that it declares', (name) => {
    const handed = Object.keys(asObject(moduleProperties(name).parameters, name)).sort();
    expect(handed).toEqual(Object.keys(asObject(moduleTemplate(name).parameters, name)).sort());
  });

  test('keeps deployment_id out of the names of lasting resources', () => {
    expect(JSON.stringify(template.variables)).not.toContain('deployment_id');
    expect(JSON.stringify(moduleTemplate('storage'))).not.toContain('deployment_id');
  });
});

describe.each(ENVIRONMENT_KEYS)('the parameter file of %s', (key) => {
  const given = asObject(objectIn(`${INFRASTRUCTURE}/main.parameters.${key}.json`).parameters, key);

  test('gives only parameters that the template declares, with values that it allows', () => {
    for (const [name, entry] of Object.entries(given)) {
      const declaration = asObject(parameters[name], `parameter ${name}`);
      const { value } = asObject(entry, name);
      expect(typeof value).toBe(declaration.type === 'int' ? 'number' : declaration.type);
      if (Array.isArray(declaration.allowedValues)) expect(declaration.allowedValues).toContain(value);
    }
  });

  test('leaves out nothing but what has a default or comes from Slipway', () => {
    const required = Object.keys(parameters).filter(
      (name) => !('defaultValue' in asObject(parameters[name], name)),
    );
    const missing = required.filter((name) => !(name in given) && !GIVEN_BY_SLIPWAY.includes(name));
    expect(missing).toEqual([]);
    expect(given).not.toHaveProperty('deployment_id');
  });

  test('is for that environment', () => {
    expect(given.environment).toEqual({ value: key });
  });
});

function resourceTypes(compiled: Record<string, unknown>): string[] {
  if (!Array.isArray(compiled.resources)) throw new Error('a module has no resources');
  return compiled.resources
    .map((resource: unknown) => asObject(resource, 'a resource'))
    .map(({ type, apiVersion }) => `${type}@${apiVersion}`);
}
