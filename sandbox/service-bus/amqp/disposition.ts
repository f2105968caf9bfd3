import { encodeTyped, types } from './values.ts';

export interface Disposition {
  readonly channel: number;
  /** True where the emulator is the receiver of the delivery. */
  readonly role: boolean;
  readonly id: number;
  readonly error: { readonly condition: string; readonly description: string } | undefined;
}

const accepted = Buffer.of(0, 0x53, 0x24, 0x45);
const stateOffset = 28;

/** The frame that settles one delivery, as accepted or as rejected with the error. */
export function dispositionFrame({ channel, role, id, error }: Disposition): Buffer {
  const state = error === undefined ? accepted : rejected(error);
  const frame = Buffer.allocUnsafe(stateOffset + state.length);
  // The length, a header of two words, the type AMQP, the channel.
  frame.writeUInt32BE(frame.length, 0);
  frame.set([2, 0], 4);
  frame.writeUInt16BE(channel, 6);
  // A disposition: a list of role, first id, last id (none), settled, state.
  frame.set([0, 0x53, 0x15, 0xd0], 8);
  frame.writeUInt32BE(frame.length - 16, 12);
  frame.writeUInt32BE(5, 16);
  frame.set([role ? 0x41 : 0x42, 0x70], 20);
  frame.writeUInt32BE(id, 22);
  frame.set([0x40, 0x41], 26);
  frame.set(state, stateOffset);
  return frame;
}

// `rejected` is a list of one field, the error: a list of condition and description.
function rejected(error: { condition: string; description: string }): Buffer {
  const { condition, description } = error;
  const list = encodeTyped(types.wrap_list([types.wrap_symbol(condition), types.wrap_string(description)]));
  const field = Buffer.concat([Buffer.of(0, 0x53, 0x1d), list]);
  const head = Buffer.from([0, 0x53, 0x25, 0xd0, 0, 0, 0, 0, 0, 0, 0, 1]);
  head.writeUInt32BE(field.length + 4, 4);
  return Buffer.concat([head, field]);
}
