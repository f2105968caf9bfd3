import type { ContentStore } from '../../engine/ports.ts';
import type { Manifest } from '../../project/manifest.ts';
import { filesOf } from '../../project/manifest.ts';
import { namesIn } from '../../project/substitute.ts';

/** What every project needs, as the pages on project files say. */
export const REQUIRED_VARIABLES = [
  'azureLocation',
  'rgName',
  'databricksWorkspaceUrl',
  'databricksNotebookPath',
  'databricksDbfsLibPath',
  'datalakeAccountName',
  'unityCatalogName',
  'clusterPolicyId',
] as const;

/** A name in `${…}`, and the file that uses it. */
export interface NameUse {
  readonly name: string;
  /** Artifact and path, for people. */
  readonly file: string;
  /** Key of the only environment that reads the file; null: all do. */
  readonly environment: string | null;
}

/** What the files of a release need. */
export interface ReleaseNames {
  readonly uses: readonly NameUse[];
  /** Names that no variable has to give: other steps will, e.g. `outputs.accessConnectorId`, or a problem says so. */
  readonly given: ReadonlySet<string>;
  /** Files that cannot be read, one sentence each. */
  readonly problems: readonly string[];
}

interface ConfigurationFile {
  readonly file: string;
  readonly environment: string | null;
  readonly value: unknown;
}

/**
 * Reads the configuration and parameter files of a release for the names in them.
 * @param keys of the environments that the run goes to; parameters of others are left alone.
 */
export async function namesOfRelease(
  content: ContentStore,
  manifest: Manifest,
  keys: ReadonlySet<string>,
): Promise<ReleaseNames> {
  const files: ConfigurationFile[] = [];
  const problems: string[] = [];
  for (const { file, environment, sha256 } of readable(manifest)) {
    if (environment !== null && !keys.has(environment)) continue;
    const text = new TextDecoder().decode(await content.get(sha256));
    try {
      files.push({ file, environment, value: JSON.parse(text) });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push(`${file} is not JSON (${error.message}).`);
    }
  }
  const uses = files
    .filter(({ file }) => file !== TEMPLATE)
    .flatMap(({ file, environment, value }) => namesIn(value).map((name) => ({ name, file, environment })));
  const given = namesGiven(manifest, files);
  const missing = uses.filter(({ name }) => name.startsWith(OUTPUTS) && !given.has(name));
  const sentences = new Set(missing.map((use) => missingOutput(use, files)));
  const known = new Set([...given, ...missing.map(({ name }) => name)]);
  return { uses, given: known, problems: [...problems, ...sentences] };
}

const OUTPUTS = 'outputs.';

/** An output is for the template to give: no variable group could. */
function missingOutput({ name, file }: NameUse, files: readonly ConfigurationFile[]): string {
  const output = name.slice(OUTPUTS.length);
  return files.some((each) => each.file === TEMPLATE)
    ? `${TEMPLATE} has no output ${output}, which ${file} uses: add it to the template.`
    : `${file} uses the output ${output} of ${TEMPLATE}, which the build did not publish: compile it with az bicep build.`;
}

const TEMPLATE = 'infrastructure/main.json';
const PARAMETERS = /^main\.parameters\.([^./]+)\.json$/;

function readable(manifest: Manifest) {
  const configuration = filesOf(manifest, 'databricks-config')
    .filter(({ path }) => path.endsWith('.json'))
    .map(({ path, sha256 }) => ({ file: `databricks-config/${path}`, environment: null, sha256 }));
  const infrastructure = filesOf(manifest, 'infrastructure').flatMap(({ path, sha256 }) => {
    const environment = PARAMETERS.exec(path)?.[1] ?? null;
    const file = `infrastructure/${path}`;
    return environment !== null || file === TEMPLATE ? [{ file, environment, sha256 }] : [];
  });
  return [...configuration, ...infrastructure];
}

function namesGiven(manifest: Manifest, files: readonly ConfigurationFile[]): ReadonlySet<string> {
  const has = (artifact: Parameters<typeof filesOf>[1]) => filesOf(manifest, artifact).length > 0;
  const contentOf = (name: string) => files.find(({ file }) => file === name)?.value;
  const outputs = Object.keys(objectIn(contentOf(TEMPLATE), 'outputs'));
  const policies = namesInList(contentOf('databricks-config/cluster-policies.json'), 'policies', 'name');
  const clusters = namesInList(contentOf('databricks-config/clusters.json'), 'clusters', 'cluster_name');
  return new Set([
    ...['slipway.project', 'slipway.environment', 'slipway.run'],
    ...(has('databricks-notebooks') ? ['slipway.notebookFolder'] : []),
    ...(has('databricks-tests') ? ['slipway.testFolder'] : []),
    ...(has('python-wheel') ? ['slipway.wheel'] : []),
    ...outputs.map((name) => `outputs.${name}`),
    ...policies.map((name) => `policies.${name}`),
    ...clusters.map((name) => `clusters.${name}`),
  ]);
}

function objectIn(value: unknown, key: string): object {
  const inner = fieldOf(value, key);
  return typeof inner === 'object' && inner !== null ? inner : {};
}

function namesInList(value: unknown, list: string, key: string): string[] {
  const items = fieldOf(value, list);
  if (!Array.isArray(items)) return [];
  return items.map((item: unknown) => fieldOf(item, key)).filter((name) => typeof name === 'string');
}

function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(key);
}
