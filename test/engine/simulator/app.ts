import {
  handleDeadStepMessage,
  handleEventMessage,
  handleStepMessage,
} from '../../../shared/engine/handle-message.ts';
import { readRecordMessage } from '../../../shared/engine/messages.ts';
import type { Outgoing, Ports, QueueName } from '../../../shared/engine/ports.ts';
import type { Delivery } from './memory-bus.ts';
import type { Behaviour } from './outside.ts';
import { Outside, simulatedKinds } from './outside.ts';
import type { App, Invocation, World } from './world.ts';

/** Changes the ports for a mutant: an engine with one seeded defect. */
export type Sabotage = (ports: Ports, invocation: Invocation) => Ports;

/** The functions of the service over the simulator's ports: the same engine code as in Azure. */
export class SimulatedApp implements App {
  readonly records: string[] = [];
  outside: Outside | null = null;
  private readonly behaviour: Behaviour;
  private readonly sabotage: Sabotage;

  constructor(behaviour: Behaviour, sabotage: Sabotage = (ports) => ports) {
    this.behaviour = behaviour;
    this.sabotage = sabotage;
  }

  portsOf(world: World, invocation: Invocation): Ports {
    this.outside ??= new Outside(world);
    const kinds = simulatedKinds(this.outside, invocation, this.behaviour);
    return this.sabotage(world.portsOf(invocation, kinds), invocation);
  }

  async handle(world: World, invocation: Invocation, { queue, message }: Delivery): Promise<void> {
    const ports = this.portsOf(world, invocation);
    if (queue === 'steps') return handleStepMessage(ports, message.body, invocation.id);
    if (queue === 'release-events') return handleEventMessage(ports, message.body);
    await world.call(invocation, 'outside', async () => {
      this.records.push(readRecordMessage(message.body).id);
    });
  }

  async deadLetter(world: World, invocation: Invocation, queue: QueueName, message: Outgoing): Promise<void> {
    if (queue === 'steps') await handleDeadStepMessage(this.portsOf(world, invocation), message.body);
  }
}
