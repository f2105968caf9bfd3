import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import { createAzureDevOps } from '../../sandbox/azure-devops/azure-devops.ts';
import { createKeyVaultTwin, type KeyVaultTwin } from '../../sandbox/key-vault/key-vault-twin.ts';
import { createChance } from '../../sandbox/twin/chance.ts';
import { createAzureDevOpsClient } from '../../shared/adapters/azure-devops.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { createKeyVaultClient } from '../../shared/adapters/key-vault.ts';
import type { AzureDevOpsClient } from '../../shared/engine/azure-devops-client.ts';
import type { Clients } from '../../shared/engine/clients.ts';
import type { KeyVaultClient } from '../../shared/engine/key-vault-client.ts';
import type { ReleaseRecord, Releases } from '../../shared/engine/ports.ts';
import type { VirtualClock } from '../engine/simulator/virtual-clock.ts';
import { twinHttpClient } from './twin-http-client.ts';
import { newClock } from './virtual-time.ts';

export const SERVICE = 'https://dev.azure.com';
export const CONTENT = 'https://artprodweu3.artifacts.visualstudio.com';
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const HOSTS = ['.artifacts.visualstudio.com'];

/** Azure DevOps and a key vault in virtual time, with our clients of them. */
export interface IntakeWorld {
  readonly clock: VirtualClock;
  readonly twin: AzureDevOps;
  readonly vault: KeyVaultTwin;
  readonly azureDevOps: AzureDevOpsClient;
  readonly keyVault: KeyVaultClient;
  readonly clients: Pick<Clients, 'azureDevOps' | 'keyVault'>;
  /** Bodies of service hook events that were delivered, oldest first. */
  readonly hooks: string[];
}

export interface IntakeOptions {
  readonly artifactHosts?: readonly string[];
  /** Origin of the content host. */
  readonly content?: string;
  readonly acceptsToken?: () => { ok: true; principal: string } | { ok: false; why: string };
  readonly permits?: () => boolean;
}

/** Makes the organisation `contoso` with the project `parking`, and the vault `kv-parking-dev`. */
export function intakeWorld(options: IntakeOptions = {}): IntakeWorld {
  const clock = newClock();
  const twinClock = { now: () => clock.now(), sleep: (timeInMs: number) => clock.sleep(timeInMs) };
  const { content = CONTENT, acceptsToken, permits } = options;
  const hooks: string[] = [];
  const settings = { clock: twinClock, chance: createChance(3) };
  const twin = createAzureDevOps({
    ...settings,
    organization: 'contoso',
    origins: { service: SERVICE, content },
    acceptsToken: acceptsToken ?? (() => ({ ok: true, principal: 'Slipway' })),
    senders: {
      fetch: async (_input, init) => {
        hooks.push(String(init?.body));
        return new Response('', { status: 202 });
      },
    },
  });
  const vault = createKeyVaultTwin({
    ...settings,
    acceptsToken: () => ({ ok: true, principal: 'Slipway' }),
    ...(permits === undefined ? {} : { permits }),
  });
  twin.addProject('parking');
  for (const displayName of ['Ada Example', 'Bob Example', 'Cora Example']) twin.addPerson({ displayName });
  const httpClient = twinHttpClient({
    [SERVICE]: twin.service,
    [content]: twin.content,
    'https://kv-parking-dev.vault.azure.net': vault,
  });
  const shared = { credential: null, clock, limits: new HostLimits(clock), httpClient };
  const artifactHosts = options.artifactHosts ?? HOSTS;
  const places = { baseUrl: SERVICE, artifactHosts, ...shared };
  const clients = {
    azureDevOps: (organization: string) => createAzureDevOpsClient({ organization, ...places }),
    keyVault: (name: string) =>
      createKeyVaultClient({ vault: name, keyVaultUrl: 'https://{vault}.vault.azure.net', ...shared }),
  };
  const azureDevOps = clients.azureDevOps('contoso');
  return { clock, twin, vault, azureDevOps, keyVault: clients.keyVault('kv-parking-dev'), clients, hooks };
}

/** How often each operation was asked for, on both hosts of Azure DevOps. */
export function requestsOf({ service, content }: AzureDevOps): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operation } of [...service.log.requests(), ...content.log.requests()])
    counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

/** Releases in memory; adding a name twice keeps the first. */
export function memoryReleases(): Releases & { readonly added: ReleaseRecord[] } {
  const added: ReleaseRecord[] = [];
  return {
    added,
    add: async (_project, release) => {
      if (!added.some(({ name }) => name === release.name)) added.push(release);
    },
    find: async (_project, name) => added.find((release) => release.name === name) ?? null,
    list: async () => [...added].sort((left, right) => right.order - left.order),
  };
}

/** A file of the example project. */
export function exampleFile(path: string): Uint8Array {
  return readFileSync(join(__dirname, '../../examples/parking-sensors', path));
}
