import * as z from 'zod';
import { Refusal } from '../../errors.ts';
import type { ManifestFile } from '../../project/manifest.ts';
import { filesOf } from '../../project/manifest.ts';
import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import { manifestOf, valuesOf } from '../run-inputs.ts';
import type { StepContext } from '../step.ts';
import { withValues } from './parameters.ts';

const TEMPLATE = 'main.json';
/** Of Azure Resource Manager. */
const LARGEST_TEMPLATE_IN_BYTES = 4 * 1024 * 1024;

/** What a release wants in the resource group of its environment. */
export interface Infrastructure {
  readonly subscription: string;
  readonly resourceGroup: string;
  /** Value of `azureLocation`; for people. */
  readonly location: string;
  readonly template: Readonly<Record<string, unknown>>;
  /** All that the template takes but `deployment_id`, each as in a parameter file. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The template has the parameter `deployment_id`, and the project leaves it to Slipway. */
  readonly takesDeploymentId: boolean;
  /** SHA-256 of place, template and parameters; `deployment_id` does not count. */
  readonly digest: string;
}

const templateShape = z.looseObject({
  $schema: z.string(),
  resources: z.unknown().refine((resources) => typeof resources === 'object' && resources !== null),
  parameters: z
    .record(
      z.string(),
      z.looseObject({ defaultValue: z.unknown().optional(), nullable: z.boolean().optional() }),
    )
    .default({}),
});

type Template = z.infer<typeof templateShape>;

const parameterFile = z.looseObject({ parameters: z.record(z.string(), z.looseObject({})).default({}) });

/**
 * Reads the template and gives its parameters their values; null when the release has no infrastructure.
 * @throws Refusal when Azure would not take it.
 */
export async function readInfrastructure(context: StepContext): Promise<Infrastructure | null> {
  const files = filesOf(await manifestOf(context), 'infrastructure');
  if (files.length === 0) return null;
  const values = await valuesOf(context);
  const { key, subscription, variables } = values;
  const { rgName: resourceGroup, azureLocation: location } = variables;
  if (resourceGroup === undefined) throw new Refusal('The variable rgName has no value.');
  const template = await readTemplate(context, files);
  const file = `main.parameters.${key}.json`;
  const written = await readParameters(context, files, file);
  const given = withValues(written, { file, project: context.project, values });
  const own = {
    project: context.project,
    environment: key,
    ...(location === undefined ? {} : { location }),
  };
  const parameters = parametersFor(template, { given, own, file });
  const wanted = { subscription, resourceGroup, template, parameters };
  return {
    ...wanted,
    location: location ?? 'LOCATION',
    takesDeploymentId: takes(template, 'deployment_id') && !has(given, 'deployment_id'),
    digest: sha256(canonicalJson(wanted)),
  };
}

async function readTemplate(context: StepContext, files: readonly ManifestFile[]): Promise<Template> {
  const file = files.find(({ path }) => path === TEMPLATE);
  if (file === undefined) throw new Refusal(whyNoTemplate(files));
  if (file.size > LARGEST_TEMPLATE_IN_BYTES)
    throw new Refusal(
      `main.json of the artifact infrastructure has ${file.size} bytes; Azure takes 4 MB. Split it into template specs.`,
    );
  const read = templateShape.safeParse(await readJson(context, file));
  if (!read.success)
    throw new Refusal(
      'main.json of the artifact infrastructure is no ARM template: it needs $schema and resources.',
    );
  if (!/\/deploymentTemplate\.json/i.test(read.data.$schema))
    throw new Refusal(
      `main.json of the artifact infrastructure is for another scope than a resource group (${read.data.$schema}): ` +
        "set targetScope to 'resourceGroup'.",
    );
  return read.data;
}

function whyNoTemplate(files: readonly ManifestFile[]): string {
  const isBicep = files.some(({ path }) => path.endsWith('.bicep'));
  return (
    `The artifact infrastructure has no main.json${isBicep ? ', only Bicep, which Azure Resource Manager does not read' : ''}. ` +
    'Compile it in the build: az bicep build --file main.bicep --outfile main.json.'
  );
}

async function readParameters(
  context: StepContext,
  files: readonly ManifestFile[],
  name: string,
): Promise<Readonly<Record<string, unknown>>> {
  const file = files.find(({ path }) => path === name);
  if (file === undefined) return {};
  const read = parameterFile.safeParse(await readJson(context, file));
  if (read.success) return read.data.parameters;
  throw new Refusal(
    `${name} of the artifact infrastructure is no parameter file: ${z.prettifyError(read.error)}`,
  );
}

/** What the compiler writes about itself changes with its version and is no part of the content. */
async function readJson({ content }: StepContext, { path, sha256: digest }: ManifestFile): Promise<unknown> {
  const text = new TextDecoder().decode(await content.get(digest));
  try {
    return JSON.parse(text, (name, value: unknown) => (name === '_generator' ? undefined : value));
  } catch {
    throw new Refusal(`${path} of the artifact infrastructure is not JSON.`);
  }
}

interface Parameters {
  readonly given: Readonly<Record<string, unknown>>;
  readonly own: Readonly<Record<string, string>>;
  readonly file: string;
}

/** Names of parameters count without case. */
function parametersFor(template: Template, { given, own, file }: Parameters): Record<string, unknown> {
  const added = Object.entries(own).filter(([name]) => takes(template, name) && !has(given, name));
  const parameters = {
    ...given,
    ...Object.fromEntries(added.map(([name, value]) => [name, { value }])),
  };
  const unknown = Object.keys(given).filter((name) => !takes(template, name));
  const missing = Object.entries(template.parameters).filter(
    ([name, { defaultValue, nullable }]) =>
      defaultValue === undefined && !nullable && !has(parameters, name) && !isSame(name, 'deployment_id'),
  );
  const problems = [
    ...(unknown.length === 0
      ? []
      : [
          `${file} gives ${unknown.join(', ')}, which main.json does not take: remove it or correct its name.`,
        ]),
    ...(missing.length === 0
      ? []
      : [
          `${missing.map(([name]) => name).join(', ')} of main.json has neither a value in ${file} nor a default.`,
        ]),
  ];
  if (problems.length > 0) throw new Refusal(problems.join(' '));
  return parameters;
}

function takes({ parameters }: Template, name: string): boolean {
  return has(parameters, name);
}

function has(values: Readonly<Record<string, unknown>>, name: string): boolean {
  return Object.keys(values).some((each) => isSame(each, name));
}

function isSame(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
