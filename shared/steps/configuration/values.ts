import type { Clients } from '../../engine/clients.ts';
import { messageOf } from '../../errors.ts';
import type { EnvironmentSnapshot } from '../../project/snapshot.ts';
import { inParallel } from '../in-parallel.ts';

/** Where the values of one environment are. */
export interface ValuesPlace {
  readonly organization: string;
  /** Project of Azure DevOps that has the groups. */
  readonly azureDevOpsProject: string;
  readonly releaseGroup: string;
  readonly secretsGroup: string;
  /** Vault of secrets whose group is not linked to one; null: such secrets are not read. */
  readonly keyVault: string | null;
  /** Whether a vault that cannot be read is a problem like others, instead of an error. */
  readonly mayMissVault: boolean;
}

/** The values of one environment, and what is wrong with them. */
export interface EnvironmentValues {
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: EnvironmentSnapshot['secrets'];
  /** Every name that stands for a secret, in either group. */
  readonly secretNames: ReadonlySet<string>;
  /** Secrets that Azure DevOps keeps to itself: nothing in Slipway can use them. */
  readonly unreadSecrets: readonly string[];
  readonly hasReleaseGroup: boolean;
  /** One clause each. */
  readonly problems: readonly string[];
  /** The same, of secrets in the vault. */
  readonly secretProblems: readonly string[];
}

/** Reads the groups of an environment, and of its secrets where they are and in which version. */
export async function readValues(clients: Clients, place: ValuesPlace): Promise<EnvironmentValues> {
  const client = clients.azureDevOps(place.organization);
  const groupOf = (name: string) => client.variableGroup(place.azureDevOpsProject, name);
  const [release, secret] = await Promise.all([groupOf(place.releaseGroup), groupOf(place.secretsGroup)]);
  const plain = [...(release?.variables ?? [])];
  const vault = secret?.vault ?? place.keyVault;
  const named = [...(secret?.variables.keys() ?? [])];
  const found = vault === null ? NO_SECRETS : await secretsIn(clients, place, { vault, named });
  const missing =
    release === null
      ? [
          `there is no variable group ${place.releaseGroup} in the project ${place.azureDevOpsProject}, or Slipway's ` +
            'identity is no reader of it',
        ]
      : [];
  return {
    variables: Object.fromEntries(
      plain.flatMap(([name, { value }]) => (value === null ? [] : [[name, value]])),
    ),
    secrets: found.secrets,
    secretNames: new Set([...named, ...plain.filter(([, { isSecret }]) => isSecret).map(([name]) => name)]),
    unreadSecrets: vault === null ? named.sort() : [],
    hasReleaseGroup: release !== null,
    problems: missing,
    secretProblems: found.problems,
  };
}

interface Found {
  readonly secrets: EnvironmentSnapshot['secrets'];
  readonly problems: readonly string[];
}

const NO_SECRETS: Found = { secrets: {}, problems: [] };

async function secretsIn(
  clients: Clients,
  { mayMissVault }: ValuesPlace,
  { vault, named }: { readonly vault: string; readonly named: readonly string[] },
): Promise<Found> {
  try {
    return await readSecrets(clients, vault, named);
  } catch (error) {
    if (!mayMissVault) throw error;
    return { secrets: {}, problems: [messageOf(error).replace(/[.]$/, '')] };
  }
}

async function readSecrets(clients: Clients, vault: string, names: readonly string[]): Promise<Found> {
  const client = clients.keyVault(vault);
  const secrets: EnvironmentSnapshot['secrets'] = {};
  const problems: string[] = [];
  await inParallel([...names].sort(), { inFlight: 10 }, async (name) => {
    const newest = await client.newestVersion(name);
    if (newest === null) problems.push(`the key vault ${vault} has no secret ${name}`);
    else if (newest.unusable !== null)
      problems.push(`the secret ${name} of the key vault ${vault} is ${newest.unusable}`);
    else secrets[name] = { vault, name, version: newest.version };
  });
  return { secrets, problems: problems.sort() };
}
