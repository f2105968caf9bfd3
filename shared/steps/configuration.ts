import * as z from 'zod';
import { Refusal, UnreadableInput } from '../errors.ts';
import type { EnvironmentSnapshot } from '../project/snapshot.ts';
import { storeSnapshot } from '../project/snapshot.ts';
import type { Json } from '../release/canonical-json.ts';
import type { ReleaseNames } from './configuration/names.ts';
import { namesOfRelease, REQUIRED_VARIABLES } from './configuration/names.ts';
import type { EnvironmentValues } from './configuration/values.ts';
import { readValues } from './configuration/values.ts';
import { manifestOf } from './run-inputs.ts';
import type { StepContext, StepKind } from './step.ts';

const environmentShape = z.object({
  key: z.string(),
  subscription: z.string(),
  keyVault: z.string().nullable(),
});

const inputShape = z.object({
  organization: z.string(),
  project: z.string(),
  environments: z.record(z.string(), environmentShape),
});

type EnvironmentInput = z.infer<typeof environmentShape>;

/** An environment with its values. */
interface Read {
  readonly environment: EnvironmentInput;
  readonly values: EnvironmentValues;
}

/**
 * Reads the variables of the environments that the run goes to and checks, before the first stage begins, that every
 * name which the release needs has a value. The run works with these values to its end, whatever is changed meanwhile.
 */
export const configuration: StepKind = {
  name: 'configuration',
  summary: 'values of the environments that the run goes to, checked against what the release needs',
  async apply(context) {
    const { content, project } = context;
    const input = readInput(context);
    const later = new Set(context.upcoming().map((step) => step.context.environment));
    const wanted = Object.entries(input.environments).filter(([name]) => later.has(name));
    const keys = new Set(wanted.map(([, { key }]) => key));
    const names = await namesOfRelease(content, await manifestOf(context), keys);
    const read = new Map(
      await Promise.all(
        wanted.map(
          async ([name, environment]) => [name, await readOne(context, input, environment)] as const,
        ),
      ),
    );
    const problems = [...read.values()].flatMap((each) => problemsOf(context, each, names));
    if (problems.length + names.problems.length > 0)
      throw new Refusal(inWords([...names.problems, ...problems]));
    // Those that the run does not go to stay by their keys, which feature flags are compared with.
    const environments = Object.entries(input.environments).map(
      ([name, { key, subscription }]) =>
        [name, { key, subscription, ...valuesIn(read.get(name)?.values) }] as const,
    );
    const snapshot = { schema: 1, project, environments: Object.fromEntries(environments) } as const;
    return { done: outputOf(context, await storeSnapshot(content, snapshot), [...read.values()]) };
  },
};

function readInput({ input }: StepContext): z.infer<typeof inputShape> {
  const read = inputShape.safeParse(input);
  if (read.success) return read.data;
  throw new UnreadableInput(`input of the step configuration: ${z.prettifyError(read.error)}`);
}

function groupsOf(project: string, key: string) {
  return { releaseGroup: `${project}-release-${key}`, secretsGroup: `${project}-secrets-${key}` };
}

async function readOne(
  { clients, project, run }: StepContext,
  place: z.infer<typeof inputShape>,
  environment: EnvironmentInput,
): Promise<Read> {
  const values = await readValues(clients, {
    organization: place.organization,
    azureDevOpsProject: place.project,
    ...groupsOf(project, environment.key),
    keyVault: environment.keyVault,
    mayMissVault: run.kind === 'rollback',
  });
  return { environment, values };
}

function valuesIn(values: EnvironmentValues | undefined): Pick<EnvironmentSnapshot, 'variables' | 'secrets'> {
  return values === undefined
    ? { variables: {}, secrets: {} }
    : { variables: values.variables, secrets: values.secrets };
}

/** All that one environment lacks, in at most one sentence a kind of problem. */
function problemsOf(
  { project, run, log }: StepContext,
  { environment: { key }, values }: Read,
  names: ReleaseNames,
): string[] {
  const { releaseGroup, secretsGroup } = groupsOf(project, key);
  const problems = values.problems.map((problem) => `${key}: ${problem}.`);
  const secrets = values.secretProblems.map((problem) => `${key}: ${problem}.`);
  // At night, a secret that has expired since may not stand in the way of going back.
  if (run.kind !== 'rollback') problems.push(...secrets);
  else
    for (const problem of secrets)
      log.warn(`the rollback goes on all the same: ${problem}`, { project, run: run.id });
  const wanted = wantedBy(key, names);
  const isSecret = (name: string) => values.secretNames.has(name);
  const secret = [...wanted.keys()].filter(isSecret);
  const missing = [...wanted.keys()].filter((name) => !isSecret(name) && !values.variables[name]);
  if (secret.length > 0)
    problems.push(
      `${key}: ${shown(secret, wanted)} ${secret.length === 1 ? 'is a secret' : 'are secrets'} of ${secretsGroup} or ` +
        `${releaseGroup}, and no secret may stand in a configuration file. Jobs read secrets with {{secrets/scope/key}}.`,
    );
  if (missing.length > 0 && values.hasReleaseGroup)
    problems.push(`${key}: the group ${releaseGroup} has no value for ${shown(missing, wanted)}.`);
  return problems;
}

/** Names that the environment's own values must give, with the files that use them. */
function wantedBy(key: string, { uses, given }: ReleaseNames): ReadonlyMap<string, ReadonlySet<string>> {
  const wanted = new Map<string, Set<string>>(REQUIRED_VARIABLES.map((name) => [name, new Set<string>()]));
  for (const { name, file, environment } of uses) {
    if (given.has(name) || (environment !== null && environment !== key)) continue;
    wanted.set(name, (wanted.get(name) ?? new Set()).add(file));
  }
  return wanted;
}

function shown(names: readonly string[], wanted: ReadonlyMap<string, ReadonlySet<string>>): string {
  const texts = names.map((name) => {
    const files = [...(wanted.get(name) ?? [])];
    return files.length === 0 ? name : `${name} (${files.join(', ')})`;
  });
  return texts.join(', ');
}

function inWords(problems: readonly string[]): string {
  return (
    `The release cannot begin: its configuration is not complete. ${problems.join(' ')} ` +
    'Nothing was deployed. Correct this in Azure DevOps under Pipelines, Library, or in the files, then retry.'
  );
}

function outputOf(
  { log, project, run }: StepContext,
  snapshot: string,
  read: readonly Read[],
): Record<string, Json> {
  const unread = read.filter(({ values }) => values.unreadSecrets.length > 0);
  for (const { environment, values } of unread)
    log.info(
      `secrets of ${environment.key} are in no key vault that Slipway knows, and are left alone: ${values.unreadSecrets.join(', ')}`,
      { project, run: run.id },
    );
  const counts = read.map(({ environment: { key }, values: { variables, secrets } }) => [
    key,
    { variables: Object.keys(variables).length, secrets: Object.keys(secrets).length },
  ]);
  return { snapshot, environments: Object.fromEntries(counts) };
}
