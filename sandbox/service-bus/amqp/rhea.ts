/**
 * What rhea's server side needs to behave like the service: settings, and the ways around its habits. With
 * `rhea-corners.ts` the only file that touches what rhea's typings leave out.
 */
import type { Server } from 'node:net';
import rhea, {
  type Connection,
  type Container,
  type Delivery,
  type EventContext,
  type Receiver,
  type Sender,
  type Session,
  type Typed,
} from 'rhea';
import { dispositionFrame } from './disposition.ts';
import { connectionCorners, linkCorners, senderCorners, sessionCorners } from './rhea-corners.ts';

export interface AmqpError {
  readonly condition: string;
  readonly description: string;
}

/** Deliveries that a session can have on the way or unsettled. */
const sessionBufferSize = 65536;

export function createContainer(): Container {
  return rhea.create_container({ id: 'slipway-service-bus' });
}

/** Starts to listen with the settings that leave credit, acceptance and settlement to the emulator. */
export function listen(container: Container, address: { host: string; port: number }): Server {
  const options = {
    ...address,
    idle_time_out: 240_000,
    max_frame_size: 65536,
    tcp_no_delay: true,
    session_buffer_size: { incoming: sessionBufferSize, outgoing: sessionBufferSize },
    receiver_options: { autoaccept: false, autosettle: false, credit_window: 0 },
    sender_options: { autosettle: false, treat_modified_as_released: false },
  };
  return container.listen(options);
}

/**
 * Writes of one read go out together, and a read that is answered by nothing is answered by an empty frame:
 * the client's sockets wait for an acknowledgement before they send more, which TCP gives only after 40 ms.
 */
export function answerEveryRead(connection: Connection): void {
  const { socket } = connectionCorners(connection);
  let answering = false;
  let bytesBefore = 0;
  const answer = (): void => {
    answering = false;
    if (socket.destroyed || !connection.is_open()) return;
    if (socket.bytesWritten === bytesBefore) connectionCorners(connection)._write_frame();
    socket.uncork();
  };
  socket.prependListener('data', () => {
    if (answering) return;
    answering = true;
    bytesBefore = socket.bytesWritten;
    socket.cork();
    setImmediate(answer);
  });
}

/** Cuts the connection without a word, as a lost network would. */
export function cut(connection: Connection): void {
  // With an error, as rhea listens for that and for an orderly end only.
  connectionCorners(connection).socket.destroy(new Error('cut'));
}

/**
 * Makes rhea hand every message over as the bytes that came. It decodes messages of format 0, which loses types;
 * so format 0 is presented as another one.
 */
export const rawMessageFormat = 0x7fff_ffff;

export function receiveRaw(session: Session): void {
  const { incoming } = sessionCorners(session);
  const original = incoming.on_transfer.bind(incoming);
  incoming.on_transfer = (frame, receiver) => {
    if (!frame.performative.message_format) frame.performative.message_format = rawMessageFormat;
    original(frame, receiver);
  };
}

/** What a `message` event brings, on a session that receives raw. */
export function messageOf(context: EventContext): { content: Buffer; delivery: Delivery; format: number } {
  const { message, delivery } = context;
  if (!Buffer.isBuffer(message) || delivery === undefined) throw new TypeError('The message was decoded.');
  return { content: message, delivery, format: delivery.format === rawMessageFormat ? 0 : delivery.format };
}

/** What answers an attach: must be called while the event of the attach is handled, or while it is held. */
export interface AttachAnswer {
  readonly source?: { address: string; filter?: Record<string, unknown> };
  readonly target?: { address: string };
  readonly maxMessageSizeInBytes?: number;
  readonly properties?: Record<string, unknown>;
}

export function answerAttach(link: Sender | Receiver, answer: AttachAnswer): void {
  const { attach } = linkCorners(link).local;
  if (answer.source !== undefined) link.set_source(answer.source as Parameters<typeof link.set_source>[0]);
  if (answer.target !== undefined) link.set_target(answer.target);
  if (answer.maxMessageSizeInBytes !== undefined) attach.max_message_size = answer.maxMessageSizeInBytes;
  if (answer.properties !== undefined) attach.properties = answer.properties;
  // rhea does not echo the modes; a missing one stays missing.
  if (link.snd_settle_mode !== undefined) attach.snd_settle_mode = link.snd_settle_mode;
  if (link.rcv_settle_mode !== undefined) attach.rcv_settle_mode = link.rcv_settle_mode;
}

/** Leaves an attach without answer until `link.open()`. */
export function holdAttach(link: Sender | Receiver): void {
  const { state } = linkCorners(link);
  state.local_open = false;
  state.open_requests = 0;
}

/** Refuses an attach, or ends a link that is open. */
export function refuse(link: Sender | Receiver, error: AmqpError): void {
  link.close({ condition: error.condition, description: error.description });
}

/** Credit that is not yet spoken for by deliveries that wait to be written. */
export function freeCredit(sender: Sender): number {
  const { outgoing } = sessionCorners(sender.session);
  return senderCorners(sender).credit - (outgoing.next_delivery_id - outgoing.next_pending_delivery);
}

export function canSend(sender: Sender): boolean {
  return sessionCorners(sender.session).outgoing.available() > 0;
}

/** rhea answers a drain only where credit is left; a client that just used its last would wait for the answer. */
export function answerEveryDrain(sender: Sender): void {
  const corners = senderCorners(sender);
  corners._get_drain = () => {
    if (!corners._draining || !corners._drained) return false;
    corners.delivery_count += corners.credit;
    corners.credit = 0;
    return true;
  };
}

/** Sends a message that needs no settling. */
export function sendSettled(sender: Sender, content: Buffer): void {
  const delivery = sender.send(content, Buffer.alloc(16), 0);
  forget(delivery);
}

export interface TransferOptions {
  readonly tag: Buffer;
  readonly settled: boolean;
}

export function transfer(sender: Sender, content: Buffer, options: TransferOptions): void {
  const delivery = sender.send(content, options.tag, 0);
  if (options.settled) forget(delivery);
}

// rhea keeps a delivery in its buffer until both sides settled it.
function forget(delivery: Delivery): void {
  const open = delivery as { settled: boolean };
  open.settled = true;
}

/**
 * Answers a delivery: the client's transfer, or the client's settlement of ours. Without error the answer is
 * `accepted`. The frame is written here: rhea would merge two different answers of the same moment.
 */
export function answerDelivery(delivery: Delivery, error?: AmqpError): void {
  const { session } = delivery.link;
  const { connection } = session;
  if (!connection.is_open()) return;
  const { channel } = sessionCorners(session).local;
  const role = delivery.link.is_receiver();
  connectionCorners(connection).socket.write(dispositionFrame({ channel, role, id: delivery.id, error }));
  dropDelivery(delivery);
  connectionCorners(connection)._register();
}

/** Takes a delivery out of the books without answering it. */
export function dropDelivery(delivery: Delivery): void {
  const open = delivery as { settled: boolean; remote_settled: boolean };
  open.settled = true;
  open.remote_settled = true;
}

export function linksOf(session: Session): (Sender | Receiver)[] {
  return Object.values(sessionCorners(session).links);
}

export function sessionsOf(connection: Connection): Session[] {
  return Object.values(connectionCorners(connection).local_channel_map);
}

/** The link to the client that answers to `replyTo`, looked for in the session of the request first. */
export function replyLink(receiver: Receiver, replyTo: string): Sender | undefined {
  const sessions = [receiver.session, ...sessionsOf(receiver.connection)];
  for (const session of sessions) {
    for (const link of linksOf(session)) {
      const answers = link.name === replyTo || link.target?.address === replyTo;
      if (answers && link.is_sender()) return link as Sender;
    }
  }
  return undefined;
}

/** The fields of the state that the client gave a delivery, with their types. */
export function outcomeFields(delivery: Delivery): readonly (Typed | undefined)[] {
  const state = delivery.remote_state as unknown as { value?: readonly Typed[] } | undefined;
  return state?.value ?? [];
}

/** The session that a receiver asks for: a name, null for the next one, undefined for none at all. */
export function sessionFilter(sender: Sender): string | null | undefined {
  const filter = sender.source?.filter as unknown as Record<string, unknown> | null | undefined;
  const value = filter?.['com.microsoft:session-filter'];
  // Some clients send the name as a described string.
  if (typeof value === 'object' && value !== null && 'value' in value) {
    return typeof value.value === 'string' ? value.value : null;
  }
  return typeof value === 'string' || value === null ? value : undefined;
}
