import { describe, expect, test } from '@jest/globals';
import type { Outgoing } from '../../shared/engine/ports.ts';
import { MOST_PUT_OFFS, receive } from '../../shared/engine/receive.ts';
import { NewerSchema, TransientFailure, UnreadableInput } from '../../shared/errors.ts';

const NOW = 1_000_000;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

function message(step: string, putOff = 0) {
  return { project: 'parking', run: 'release-1', step, putOff, traceparent: '' };
}

/** Receives messages of the steps queue whose work fails with `error`, all at the same instant. */
async function receiveAll(
  messages: readonly ReturnType<typeof message>[],
  error: Error,
): Promise<Outgoing[]> {
  const sent: Outgoing[] = [];
  const ports = {
    log: quiet,
    clock: { now: () => NOW, sleep: () => Promise.resolve() },
    bus: { send: async (_queue: string, all: readonly Outgoing[]) => void sent.push(...all) },
  };
  for (const each of messages) {
    await receive(ports, { queue: 'steps', message: each }, () => Promise.reject(error));
  }
  return sent;
}

describe('a message whose work fails for the moment', () => {
  const down = new TransientFailure('the table does not answer');

  test.each([
    [0, 5],
    [1, 10],
    [5, 160],
    [6, 300],
    [MOST_PUT_OFFS - 1, 300],
  ])('after %i times is put off for %i s', async (putOff, seconds) => {
    const [again] = await receiveAll([message('wheel', putOff)], down);
    expect(again?.notBefore).toBe(NOW + seconds * 1000);
    expect(JSON.parse(again?.body ?? '')).toEqual(message('wheel', putOff + 1));
  });

  test('is not taken for another of the same run that is put off at the same instant', async () => {
    const sent = await receiveAll([message('wheel-a'), message('wheel-b')], down);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  });

  test('is left to the queue in the end', async () => {
    await expect(receiveAll([message('wheel', MOST_PUT_OFFS)], down)).rejects.toBe(down);
  });
});

test.each([new UnreadableInput('not JSON'), new NewerSchema('written by a newer version')])(
  'what no time can mend is left to the queue at once: %s',
  async (error) => {
    await expect(receiveAll([message('wheel')], error)).rejects.toBe(error);
  },
);
