import * as z from 'zod';
import { UnreadableInput } from './errors.ts';

/** Where a service is: a connection string (keys), or an address that the managed identity may use. */
export type Endpoint = { readonly connectionString: string } | { readonly address: string };

/** All settings of the service, read once from the environment. */
export interface Config {
  readonly serviceBus: Endpoint;
  readonly storage:
    | { readonly connectionString: string }
    | { readonly tables: string; readonly blobs: string };
  readonly webhook: {
    readonly user: string;
    readonly passwords: readonly string[];
    readonly subscriptions: readonly string[];
    readonly accounts: readonly string[];
  };
  /** Connection string of Application Insights; null: records are only logged. */
  readonly telemetry: string | null;
  readonly azureDevOpsUrl: string;
  /** Hosts besides the one of `azureDevOpsUrl` from which artifacts may be downloaded, as suffixes. */
  readonly artifactHosts: readonly string[];
  readonly armUrl: string;
  /** `{vault}` stands for the vault's name. */
  readonly keyVaultUrl: string;
  /** Client id of a user-assigned managed identity; null: the system-assigned one. */
  readonly identityClientId: string | null;
}

const list = z
  .string()
  .default('')
  .transform((text) => text.split(/[,;\s]+/).filter((part) => part !== ''));

const settings = z.object({
  ServiceBus: z.string().optional(),
  ServiceBus__fullyQualifiedNamespace: z.string().optional(),
  Storage: z.string().optional(),
  Storage__tableServiceUri: z.url().optional(),
  Storage__blobServiceUri: z.url().optional(),
  WEBHOOK_USER: z.string().min(1).default('azure-devops'),
  WEBHOOK_PASSWORDS: z
    .string('set it to one password, or two while it is being changed, separated by a space')
    .transform((text) => text.split(/\s+/).filter((part) => part !== ''))
    .refine((passwords) => passwords.length > 0 && passwords.every((password) => password.length >= 16), {
      error: 'every password needs at least 16 characters',
    }),
  WEBHOOK_SUBSCRIPTIONS: list.transform((ids) => ids.map((id) => id.toLowerCase())),
  WEBHOOK_ACCOUNTS: list,
  APPLICATIONINSIGHTS_CONNECTION_STRING: z.string().min(1).optional(),
  AZURE_DEVOPS_URL: z.url().default('https://dev.azure.com'),
  ARTIFACT_HOSTS: z
    .string()
    .default('.artifacts.visualstudio.com .blob.core.windows.net .vsblob.visualstudio.com')
    .transform((text) => text.split(/\s+/).filter((part) => part !== '')),
  ARM_URL: z.url().default('https://management.azure.com'),
  KEY_VAULT_URL: z.string().includes('{vault}').default('https://{vault}.vault.azure.net'),
  AZURE_CLIENT_ID: z.string().min(1).optional(),
});

type Settings = z.infer<typeof settings>;

/** Names of all settings. */
export const SETTING_NAMES: readonly string[] = Object.keys(settings.shape);

/**
 * Reads the settings. Pure: the environment is an argument.
 * @throws UnreadableInput that names every setting that is missing or wrong, and never its value.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const read = settings.safeParse(env);
  if (!read.success) {
    const problems = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new UnreadableInput(`settings: ${problems.join('; ')}`);
  }
  const { data } = read;
  return {
    serviceBus: serviceBusOf(data),
    storage: storageOf(data),
    webhook: {
      user: data.WEBHOOK_USER,
      passwords: data.WEBHOOK_PASSWORDS,
      subscriptions: data.WEBHOOK_SUBSCRIPTIONS,
      accounts: data.WEBHOOK_ACCOUNTS,
    },
    telemetry: data.APPLICATIONINSIGHTS_CONNECTION_STRING ?? null,
    azureDevOpsUrl: data.AZURE_DEVOPS_URL,
    artifactHosts: data.ARTIFACT_HOSTS,
    armUrl: data.ARM_URL,
    keyVaultUrl: data.KEY_VAULT_URL,
    identityClientId: data.AZURE_CLIENT_ID ?? null,
  };
}

function serviceBusOf({ ServiceBus, ServiceBus__fullyQualifiedNamespace: address }: Settings): Endpoint {
  if (ServiceBus !== undefined) return { connectionString: ServiceBus };
  if (address !== undefined) return { address };
  throw new UnreadableInput('settings: ServiceBus or ServiceBus__fullyQualifiedNamespace must be set');
}

function storageOf(data: Settings): Config['storage'] {
  if (data.Storage !== undefined) return { connectionString: data.Storage };
  const { Storage__tableServiceUri: tables, Storage__blobServiceUri: blobs } = data;
  if (tables !== undefined && blobs !== undefined) return { tables, blobs };
  throw new UnreadableInput(
    'settings: Storage, or Storage__tableServiceUri and Storage__blobServiceUri, must be set',
  );
}
