/** What rhea has and its typings leave out. Every cast to it is in this file. */
import type { Socket } from 'node:net';
import type { Connection, Receiver, Sender, Session } from 'rhea';

interface LinkCorners {
  readonly local: { readonly attach: Record<string, unknown> };
  readonly state: { local_open: boolean; open_requests: number };
  readonly remote: { readonly attach?: { readonly initial_delivery_count?: number } };
}

interface SenderCorners {
  credit: number;
  delivery_count: number;
  readonly _draining: boolean;
  readonly _drained: boolean;
  _get_drain: () => boolean;
}

interface SessionCorners {
  readonly links: Record<string, Sender | Receiver>;
  readonly incoming: { on_transfer: (frame: TransferFrame, receiver: Receiver) => void };
  readonly outgoing: { next_delivery_id: number; next_pending_delivery: number; available: () => number };
  readonly local: { readonly channel: number };
}

interface ConnectionCorners {
  readonly socket: Socket;
  readonly local_channel_map: Record<string, Session>;
  _register: () => void;
  _write_frame: () => void;
}

export interface TransferFrame {
  readonly performative: { message_format: number | undefined };
}

export const linkCorners = (link: Sender | Receiver): LinkCorners => link as unknown as LinkCorners;
export const senderCorners = (sender: Sender): SenderCorners => sender as unknown as SenderCorners;
export const sessionCorners = (session: Session): SessionCorners => session as unknown as SessionCorners;
export const connectionCorners = (connection: Connection): ConnectionCorners =>
  connection as unknown as ConnectionCorners;
