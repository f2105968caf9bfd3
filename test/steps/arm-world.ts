import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArmSettings, ArmTwin } from '../../sandbox/arm/arm-twin.ts';
import { createArmTwin } from '../../sandbox/arm/arm-twin.ts';
import { createChance } from '../../sandbox/twin/chance.ts';
import { createArmClient } from '../../shared/adapters/arm.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import type { Clock } from '../../shared/engine/ports.ts';
import type { World } from './step-runner.ts';
import { newWorld } from './step-runner.ts';
import { twinHttpClient } from './twin-http-client.ts';
import { newClock } from './virtual-time.ts';

export const ARM = 'https://management.azure.com';
export const SUBSCRIPTION = '11111111-1111-4111-8111-111111111111';
export const GROUP = 'rg-parking-sensors-dev';

/** A twin with one empty resource group, in the given time. */
export function armTwin(clock: Clock, settings: ArmSettings = {}): ArmTwin {
  const twinClock = { now: () => clock.now(), sleep: (timeInMs: number) => clock.sleep(timeInMs) };
  const group = { subscriptionId: SUBSCRIPTION, name: GROUP, location: 'eastus2' };
  return createArmTwin({
    clock: twinClock,
    chance: createChance(7),
    resourceGroups: [group],
    durations: { resourceInMs: 20_000 },
    ...settings,
  });
}

/** Our client of the twin's subscription. */
export function armClient(twin: ArmTwin, clock: Clock, subscription = SUBSCRIPTION) {
  const limits = new HostLimits(clock);
  const httpClient = twinHttpClient({ [ARM]: twin });
  return createArmClient({ subscription, armUrl: ARM, credential: null, clock, limits, httpClient });
}

export interface ArmStepWorld {
  readonly world: World;
  readonly twin: ArmTwin;
}

/** A world with the twin of Azure Resource Manager, in the same virtual time. */
export function armWorld(settings: ArmSettings = {}): ArmStepWorld {
  const clock = newClock();
  const twin = armTwin(clock, settings);
  const variables = { rgName: GROUP, azureLocation: 'eastus2' };
  const clients = { arm: (subscription: string) => armClient(twin, clock, subscription) };
  return { world: newWorld({ clock, clients, values: { variables } }), twin };
}

/** A compiled template around some parts. */
export function template(parts: object): object {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [],
    ...parts,
  };
}

/** A storage account, the simplest thing to deploy. */
export function storage(name = 'stone', parts: object = {}): object {
  return {
    type: 'Microsoft.Storage/storageAccounts',
    apiVersion: '2023-05-01',
    name,
    location: 'eastus2',
    kind: 'StorageV2',
    sku: { name: 'Standard_LRS' },
    ...parts,
  };
}

/** Parameters as a parameter file gives them. */
export function parameterFile(values: Readonly<Record<string, unknown>>): string {
  const parameters = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
  return JSON.stringify({ contentVersion: '1.0.0.0', parameters });
}

const EXAMPLE = join(__dirname, '../../examples/parking-sensors/infrastructure');

/** The infrastructure of the example project, as its build publishes it. */
export function exampleInfrastructure(): Record<string, string> {
  const files = ['main.json', 'main.parameters.dev.json', 'main.bicep'];
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(EXAMPLE, name), 'utf8')]));
}
