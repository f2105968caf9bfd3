import type { AddressInfo, Server, Socket } from 'node:net';
import type { Connection, Container, EventContext, Receiver, Sender } from 'rhea';
import {
  answerEveryRead,
  createContainer,
  cut,
  linksOf,
  listen,
  messageOf,
  receiveRaw,
} from './amqp/rhea.ts';
import type { Broker, Endpoint, OutcomeKind } from './links/endpoint.ts';
import { openForReceiving, openForSending } from './links/open-link.ts';

type Link = Sender | Receiver;
type OpenLinks = Map<Connection, Map<Link, Endpoint>>;

export interface AmqpServer {
  readonly port: number;
  /** Cuts every connection, or those with a link to or from this address. Returns how many. */
  dropConnections(address?: string): number;
  /** Open connections and links: what a leak would show in. */
  counts(): { connections: number; links: number };
  stop(): Promise<void>;
}

/**
 * Starts to listen for AMQP clients; port 0 takes a free one.
 * @throws the error of the socket when the port cannot be taken
 */
export async function startAmqpServer(
  broker: Broker,
  address: { host: string; port: number },
): Promise<AmqpServer> {
  const container = createContainer();
  const open: OpenLinks = new Map();
  handleEvents(container, broker, open);
  const sockets = new Set<Socket>();
  const server = listen(container, address);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listening(server);
  return {
    port,
    dropConnections: (dropped) => dropConnections(open, dropped),
    counts: () => ({
      connections: open.size,
      links: [...open.values()].reduce((sum, links) => sum + links.size, 0),
    }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // With an error, as only that makes rhea stop its heartbeats.
        for (const socket of sockets) socket.destroy(new Error('stopped'));
      }),
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve((server.address() as AddressInfo).port));
  });
}

function dropConnections(open: OpenLinks, address: string | undefined): number {
  const wanted = address?.toLowerCase();
  const touches = (link: Link): boolean =>
    [link.source?.address, link.target?.address].some((given) => given?.toLowerCase() === wanted);
  const dropped = [...open].filter(([, links]) => wanted === undefined || [...links.keys()].some(touches));
  for (const [connection] of dropped) cut(connection);
  return dropped.length;
}

// Everything is heard on the container: rhea stops at the first level that has a listener for an event.
function handleEvents(container: Container, broker: Broker, open: OpenLinks): void {
  const on = (event: string, handle: (context: EventContext) => void): void => {
    container.on(event, (context: EventContext) => {
      try {
        handle(context);
      } catch (error) {
        broker.log(`${event}: ${error instanceof Error ? error.stack : String(error)}`);
      }
    });
  };
  const endpointOf = (context: EventContext): Endpoint | undefined => {
    const link = context.receiver ?? context.sender;
    return link && open.get(context.connection)?.get(link);
  };
  handleOpening(on, broker, open);
  handleEnding(on, broker, open);
  on('message', (context) => {
    const { content, delivery, format } = messageOf(context);
    endpointOf(context)?.message?.(content, delivery, format);
  });
  on('sender_flow', (context) => endpointOf(context)?.credit?.());
  on('sender_draining', (context) => endpointOf(context)?.drain?.());
  for (const kind of ['accepted', 'rejected', 'released', 'modified'] satisfies OutcomeKind[]) {
    on(kind, (context) => {
      if (context.delivery !== undefined) endpointOf(context)?.outcome?.(context.delivery, kind);
    });
  }
}

type On = (event: string, handle: (context: EventContext) => void) => void;

function handleOpening(on: On, broker: Broker, open: OpenLinks): void {
  const remember = (link: Link, endpoint: Endpoint | undefined): void => {
    if (endpoint !== undefined) open.get(link.connection)?.set(link, endpoint);
  };
  on('connection_open', ({ connection }) => {
    open.set(connection, new Map());
    answerEveryRead(connection);
  });
  on('session_open', ({ session }) => {
    if (session !== undefined) receiveRaw(session);
  });
  on('receiver_open', ({ receiver }) => receiver && remember(receiver, openForSending(broker, receiver)));
  on('sender_open', ({ sender }) => sender && remember(sender, openForReceiving(broker, sender)));
}

// A link may end alone, with its session, with an orderly close of the connection, or with a lost socket.
function handleEnding(on: On, broker: Broker, open: OpenLinks): void {
  const gone = (connection: Connection, ended: readonly Link[]): void => {
    const links = open.get(connection);
    for (const link of ended) {
      const endpoint = links?.get(link);
      links?.delete(link);
      endpoint?.gone?.();
    }
  };
  const allGone = ({ connection }: EventContext): void => {
    gone(connection, [...(open.get(connection)?.keys() ?? [])]);
    open.delete(connection);
  };
  on('sender_close', ({ connection, sender }) => sender && gone(connection, [sender]));
  on('receiver_close', ({ connection, receiver }) => receiver && gone(connection, [receiver]));
  on('session_close', ({ connection, session }) => session && gone(connection, linksOf(session)));
  on('connection_close', allGone);
  on('disconnected', allGone);
  for (const event of ['sender_error', 'receiver_error', 'session_error', 'connection_error'])
    on(event, () => {});
  for (const event of ['protocol_error', 'error'])
    on(event, (error) => broker.log(`${event}: ${String(error)}`));
}
