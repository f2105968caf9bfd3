import { describe, expect, test } from '@jest/globals';
import { asObject, ENVIRONMENT_KEYS, namesIn, objectIn, textOf } from './example-files.ts';

const EXAMPLE = 'examples/parking-sensors';
const CONFIG = `${EXAMPLE}/databricks/config`;
const FORMATS = textOf('docs/project-files.md');

const VALUES = FORMATS.slice(
  FORMATS.indexOf('## Values that depend'),
  FORMATS.indexOf('## unity-catalog.json'),
);

/** Names in the first column of the tables about values that have this form. */
const documented = (form: RegExp) => new Set([...VALUES.matchAll(form)].map(([, name]) => name));

const DOCUMENTED_VARIABLES = documented(/^\| `([a-z][A-Za-z]+)` \| /gm);
const DOCUMENTED_SLIPWAY_NAMES = documented(/^\| `\$\{(slipway\.\w+)\}`/gm);

function namesUsed(): { file: string; name: string }[] {
  return namesIn(CONFIG).flatMap((file) =>
    [...textOf(`${CONFIG}/${file}`).matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => ({
      file,
      name: name ?? '',
    })),
  );
}

const prefixOf = (name: string) => (name.includes('.') ? name.slice(0, name.indexOf('.')) : 'variable');
const usedWith = (prefix: string) =>
  namesUsed()
    .filter(({ name }) => prefixOf(name) === prefix)
    .map(({ name }) => name);

/** The values of one key in the entries of a list, e.g. the names of all policies. */
function valuesIn(file: string, list: string, key: string): unknown[] {
  const entries = objectIn(`${CONFIG}/${file}`)[list];
  if (!Array.isArray(entries)) throw new Error(`${file} has no list ${list}`);
  return entries.map((entry: unknown) => asObject(entry, `an entry of ${list}`)[key]);
}

describe('the configuration of the example', () => {
  test('has a documented format for each of its files', () => {
    for (const file of namesIn(CONFIG)) expect(FORMATS).toContain(`\n## ${file}\n`);
  });

  test('uses only names of the documented kinds', () => {
    const kinds = ['variable', 'outputs', 'slipway', 'policies', 'clusters'];
    expect(namesUsed().filter(({ name }) => !kinds.includes(prefixOf(name)))).toEqual([]);
  });

  test('uses only documented variables and names of Slipway', () => {
    expect(usedWith('variable').filter((name) => !DOCUMENTED_VARIABLES.has(name))).toEqual([]);
    expect(usedWith('slipway').filter((name) => !DOCUMENTED_SLIPWAY_NAMES.has(name))).toEqual([]);
    expect(usedWith('variable')).toEqual(expect.arrayContaining(['unityCatalogName', 'clusterPolicyId']));
  });

  test('uses only outputs that the template has', () => {
    const outputs = asObject(objectIn(`${EXAMPLE}/infrastructure/main.json`).outputs, 'outputs');
    expect(usedWith('outputs')).not.toEqual([]);
    expect(usedWith('outputs').filter((name) => !(name.replace('outputs.', '') in outputs))).toEqual([]);
  });

  test('refers only to policies and clusters that it makes', () => {
    const policies = valuesIn('cluster-policies.json', 'policies', 'name').map((name) => `policies.${name}`);
    const clusters = valuesIn('clusters.json', 'clusters', 'cluster_name').map((name) => `clusters.${name}`);
    expect(policies).toEqual(expect.arrayContaining(usedWith('policies')));
    expect(clusters).toEqual(expect.arrayContaining(usedWith('clusters')));
    expect([...usedWith('policies'), ...usedWith('clusters')]).not.toEqual([]);
  });

  test('names only entry points that the package has', () => {
    const entryPoints = [...textOf(`${CONFIG}/jobs.json`).matchAll(/"entry_point": "(.*)"/g)].map(
      ([, name]) => name,
    );
    expect(entryPoints).not.toEqual([]);
    for (const name of entryPoints) {
      expect(textOf(`${EXAMPLE}/pyproject.toml`)).toMatch(
        new RegExp(`^${name} = "parking_sensors\\.jobs:${name}"$`, 'm'),
      );
      expect(textOf(`${EXAMPLE}/src/parking_sensors/jobs.py`)).toContain(`\ndef ${name}():\n`);
    }
  });

  test('names only notebooks that exist, without their extension', () => {
    const paths = [...textOf(`${CONFIG}/jobs.json`).matchAll(/notebookFolder\}\/(.*?)"/g)].map(
      ([, path]) => path ?? '',
    );
    expect(paths).not.toEqual([]);
    for (const path of paths) {
      const [folder, name] = path.split('/');
      expect(namesIn(`${EXAMPLE}/databricks/notebooks/${folder}`)).toContainEqual(
        expect.stringMatching(new RegExp(`^${name}\\.(py|sql|r|scala|ipynb)$`)),
      );
    }
  });

  test('makes the catalog with the schemas bronze, silver, gold and utilities', () => {
    const text = JSON.stringify(objectIn(`${CONFIG}/unity-catalog.json`));
    const schemas = [...text.matchAll(/"name":"(bronze|silver|gold|utilities)"/g)].map(([, name]) => name);
    expect(schemas).toEqual(['bronze', 'silver', 'gold', 'utilities']);
    expect(text).toContain(`"name":"\${unityCatalogName}"`);
  });
});

describe('the variable groups of the example', () => {
  const groups = objectIn(`${EXAMPLE}/variable-groups.json`);

  test.each(ENVIRONMENT_KEYS)('of %s have every documented variable, as text', (key) => {
    const group = asObject(groups[`parking-sensors-release-${key}`], key);
    expect(new Set(Object.keys(group))).toEqual(DOCUMENTED_VARIABLES);
    expect(Object.values(group).filter((value) => typeof value !== 'string' || value === '')).toEqual([]);
  });

  test.each(ENVIRONMENT_KEYS)('of %s name the catalog and the storage account of that environment', (key) => {
    const group = asObject(groups[`parking-sensors-release-${key}`], key);
    expect(group.unityCatalogName).toBe(`parking_sensors_catalog_${key}`);
    expect(group.datalakeAccountName).toBe(`stparkingsensors${key}001`);
    expect(group.databricksDbfsLibPath).toContain(`/Volumes/${group.unityCatalogName}/`);
  });

  test('hold no secret', () => {
    expect(JSON.stringify(groups)).not.toMatch(/token|secret|password|datalakeKey|dapi/i);
  });
});
