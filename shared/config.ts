import * as z from 'zod';
import { UnreadableInput } from './errors.ts';

/** Where a service is: a connection string (keys), or an address that the managed identity may use. */
export type Endpoint = { readonly connectionString: string } | { readonly address: string };

/** Who may call the webhook. */
export interface WebhookConfig {
  readonly user: string;
  readonly passwords: readonly string[];
  readonly subscriptions: readonly string[];
  readonly accounts: readonly string[];
}

/** All settings of the service but those of the webhook, read once from the environment. */
export interface Config {
  readonly serviceBus: Endpoint;
  readonly storage:
    | { readonly connectionString: string }
    | { readonly tables: string; readonly blobs: string };
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

/** Cases of GUIDs mean nothing. */
const ids = list.transform((all) => all.map((id) => id.toLowerCase()));

const webhookSettings = z.object({
  WEBHOOK_USER: z.string().min(1).default('azure-devops'),
  WEBHOOK_PASSWORDS: z
    .string('set it to one password, or two while it is being changed, separated by a space')
    .transform((text) => text.split(/\s+/).filter((part) => part !== ''))
    .refine((passwords) => passwords.length > 0 && passwords.every((password) => password.length >= 16), {
      error: 'every password needs at least 16 characters',
    }),
  WEBHOOK_SUBSCRIPTIONS: ids,
  WEBHOOK_ACCOUNTS: ids,
});

const settings = z.object({
  ServiceBus: z.string().optional(),
  ServiceBus__fullyQualifiedNamespace: z.string().optional(),
  Storage: z.string().optional(),
  Storage__tableServiceUri: z.url().optional(),
  Storage__blobServiceUri: z.url().optional(),
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
type Environment = Readonly<Record<string, string | undefined>>;

/** Names of all settings. */
export const SETTING_NAMES: readonly string[] = [
  ...Object.keys(settings.shape),
  ...Object.keys(webhookSettings.shape),
];

/**
 * Reads the settings. Pure: the environment is an argument. Those of the webhook are left out: a password that is
 * being changed must not stop what is under way.
 * @throws UnreadableInput that names every setting that is missing or wrong, and never its value.
 */
export function readConfig(env: Environment): Config {
  const { data, error } = settings.safeParse(env);
  const serviceBus = data === undefined ? null : serviceBusOf(data);
  const storage = data === undefined ? null : storageOf(data);
  if (data === undefined || serviceBus === null || storage === null)
    throw wrong([...inWords(error), ...placeProblems(env)]);
  return {
    ...{ serviceBus, storage },
    telemetry: data.APPLICATIONINSIGHTS_CONNECTION_STRING ?? null,
    azureDevOpsUrl: data.AZURE_DEVOPS_URL,
    artifactHosts: data.ARTIFACT_HOSTS,
    armUrl: data.ARM_URL,
    keyVaultUrl: data.KEY_VAULT_URL,
    identityClientId: data.AZURE_CLIENT_ID ?? null,
  };
}

/** Reads the settings of the webhook. @throws UnreadableInput as readConfig does. */
export function readWebhookConfig(env: Environment): WebhookConfig {
  const { data, error } = webhookSettings.safeParse(env);
  if (data === undefined) throw wrong(inWords(error));
  return {
    user: data.WEBHOOK_USER,
    passwords: data.WEBHOOK_PASSWORDS,
    subscriptions: data.WEBHOOK_SUBSCRIPTIONS,
    accounts: data.WEBHOOK_ACCOUNTS,
  };
}

/** All that is wrong with the settings, by name and never with a value; empty when all is well. */
export function settingsProblems(env: Environment): string[] {
  const [own, webhook] = [settings.safeParse(env), webhookSettings.safeParse(env)];
  return [...inWords(own.error), ...placeProblems(env), ...inWords(webhook.error)];
}

function wrong(problems: readonly string[]): UnreadableInput {
  return new UnreadableInput(`settings: ${problems.join('; ')}`);
}

function inWords(error: z.ZodError | undefined): string[] {
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

/** Of the settings of which one of two must be there. */
function placeProblems(env: Environment): string[] {
  const bus =
    serviceBusOf(env) === null ? ['ServiceBus or ServiceBus__fullyQualifiedNamespace must be set'] : [];
  const storage =
    storageOf(env) === null
      ? ['Storage, or Storage__tableServiceUri and Storage__blobServiceUri, must be set']
      : [];
  return [...bus, ...storage];
}

type Places = Partial<
  Pick<
    Settings,
    | 'ServiceBus'
    | 'ServiceBus__fullyQualifiedNamespace'
    | 'Storage'
    | 'Storage__tableServiceUri'
    | 'Storage__blobServiceUri'
  >
>;

function serviceBusOf({ ServiceBus, ServiceBus__fullyQualifiedNamespace: address }: Places): Endpoint | null {
  if (ServiceBus !== undefined) return { connectionString: ServiceBus };
  return address === undefined ? null : { address };
}

function storageOf(data: Places): Config['storage'] | null {
  if (data.Storage !== undefined) return { connectionString: data.Storage };
  const { Storage__tableServiceUri: tables, Storage__blobServiceUri: blobs } = data;
  return tables === undefined || blobs === undefined ? null : { tables, blobs };
}
