import { handleDeadMessage } from '../../../shared/engine/dead-letters.ts';
import type { Ports } from '../../../shared/engine/engine-ports.ts';
import { handleEventMessage, handleStepMessage } from '../../../shared/engine/handle-message.ts';
import type { RecordMessage } from '../../../shared/engine/messages.ts';
import { readRecordMessage, readStepMessage } from '../../../shared/engine/messages.ts';
import type { Outgoing, QueueName } from '../../../shared/engine/ports.ts';
import type { Behaviour } from './behaviour.ts';
import { troubleOf } from './behaviour.ts';
import { simulatedKinds } from './kinds.ts';
import type { Delivery } from './memory-bus.ts';
import { Outside } from './outside.ts';
import type { App, Invocation, World } from './world.ts';
import { START_AT } from './world.ts';

/** Changes the ports for a mutant: an engine with one seeded defect. `body` is the message that is being handled. */
export type Sabotage = (ports: Ports, invocation: Invocation, body: string | null) => Ports;

/** The functions of the service over the simulator's ports: the same engine code as in Azure. */
export class SimulatedApp implements App {
  readonly records: RecordMessage[] = [];
  readonly world: World;
  readonly outside: Outside;
  private readonly behaviour: Behaviour;
  private readonly sabotage: Sabotage | undefined;

  constructor(world: World, behaviour: Behaviour, sabotage?: Sabotage) {
    this.world = world;
    this.outside = new Outside(world);
    this.behaviour = behaviour;
    this.sabotage = sabotage;
  }

  portsOf(invocation: Invocation, body: string | null): Ports {
    const { world, outside, behaviour } = this;
    const ports = world.portsOf(invocation, simulatedKinds({ world, outside, invocation, behaviour }));
    return this.sabotage?.(ports, invocation, body) ?? ports;
  }

  async handle(invocation: Invocation, { queue, message }: Delivery): Promise<void> {
    const { body } = message;
    if (queue === 'records') return this.keepRecord(invocation, body);
    const ports = this.portsOf(invocation, body);
    if (queue === 'release-events') return handleEventMessage(ports, body);
    return handleStepMessage(this.isPoison(body) ? unreadable(ports) : ports, body, invocation.id);
  }

  async deadLetter(invocation: Invocation, queue: QueueName, message: Outgoing): Promise<void> {
    await handleDeadMessage(this.portsOf(invocation, message.body), queue, message.body);
  }

  /** Application Insights takes whatever comes; its readers drop what has the same id. */
  private keepRecord(invocation: Invocation, body: string): Promise<void> {
    return this.world.call(invocation, 'outside', async () => {
      this.records.push(readRecordMessage(body));
    });
  }

  private isPoison(body: string): boolean {
    if (!this.behaviour.some(({ how }) => how === 'poison')) return false;
    const { project, run: id, stage, step } = readStepMessage(body);
    const release = this.world.store.partition(project).runs.get(id)?.value.release.name ?? '';
    const sinceStart = this.world.clock.now() - START_AT;
    return troubleOf(this.behaviour, { stage, step, release }, sinceStart) === 'poison';
  }
}

/** Ports with which a message cannot be processed, however often it comes. */
function unreadable(ports: Ports): Ports {
  const load = () => Promise.reject(new Error('the row cannot be read'));
  return { ...ports, store: { ...ports.store, load } };
}
