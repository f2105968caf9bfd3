import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { countMessages } from '../../../sandbox/service-bus/engine/queue.ts';
import { cancelScheduled } from '../../../sandbox/service-bus/engine/sending.ts';
import { settle } from '../../../sandbox/service-bus/engine/settlement.ts';
import { restore, resume, snapshot } from '../../../sandbox/service-bus/engine/snapshot.ts';
import { openJournal } from '../../../sandbox/service-bus/journal.ts';
import { temporaryFolder } from './child-bus.ts';
import { engine, type plainSettings, receiver, sendAll, sent, tokenOf } from './engine-fixture.ts';

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  place = temporaryFolder({});
});
afterEach(() => place.remove());

const file = () => join(place.folder, 'journal.jsonl');

/** An engine on the journal in the folder, as after a start. */
function start(settings: Partial<typeof plainSettings> = {}) {
  const journal = openJournal(place.folder);
  const started = engine([settings], { save: (changes) => journal.save(changes) });
  const { namespace, queue } = started;
  const missing = restore(namespace, journal.recover());
  journal.begin(() => snapshot(namespace));
  namespace.transact(() => resume(namespace));
  const work = <T>(run: () => T): T => namespace.transact(run);
  return {
    ...started,
    journal,
    missing,
    work,
    send: (...ids: Parameters<typeof sendAll> extends [unknown, ...infer R] ? R : never) =>
      work(() => sendAll(queue, ...ids)),
  };
}

describe('the journal', () => {
  test('brings waiting messages back in order, with their numbers', () => {
    start().send('a', 'b', 'c');
    const { queue, send } = start();
    expect(
      receiver(queue).messages.map((message) => [message.sent.messageId, message.sequenceNumber]),
    ).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(send('d')).toEqual([4]);
  });

  test('brings a locked message back unlocked and uncounted', () => {
    const { queue, send } = start();
    send('a');
    receiver(queue);
    expect(receiver(start().queue).messages.map((message) => message.deliveryCount)).toEqual([0]);
  });

  test('keeps numbers from being used twice also when nothing is left', () => {
    const { queue, send, work } = start();
    send('a');
    const bob = receiver(queue);
    work(() => settle(queue, tokenOf(bob.last()), { kind: 'complete' }));
    start();
    expect(start().send('b')).toEqual([2]);
  });

  test('keeps counted deliveries, scheduled messages and cancellations', () => {
    const { clock, queue, send, work } = start();
    const later = clock.nowInMs() + 5000;
    const numbers = send(
      sent('kept', { scheduledForInMs: later }),
      sent('cancelled', { scheduledForInMs: later }),
      'a',
    );
    work(() => cancelScheduled(queue, numbers.slice(1, 2)));
    const bob = receiver(queue, { credit: 1 });
    work(() => settle(queue, tokenOf(bob.last()), { kind: 'abandon', properties: { x: Buffer.of(0x41) } }));
    const again = start();
    const eve = receiver(again.queue);
    expect(eve.last()).toMatchObject({ deliveryCount: 1, addedProperties: { x: Buffer.of(0x41) } });
    again.clock.pass(5000);
    expect(eve.ids()).toEqual(['a', 'kept']);
  });

  test('keeps ids for duplicate detection as long as the window', () => {
    const window = { duplicateWindowInMs: 60_000 };
    start(window).send('a');
    const { clock, send, queue } = start(window);
    send('a');
    expect(queue.all.size).toBe(1);
    clock.pass(60_000);
    send('a');
    expect(queue.all.size).toBe(2);
  });

  test('lets a message expire that was due while nothing ran', () => {
    start().send(sent('a', { timeToLiveInMs: 1000 }));
    const { clock, queue } = start();
    clock.pass(1000);
    expect(countMessages(queue).active).toBe(0);
  });

  test('leaves out a line whose end was never written', () => {
    const { send } = start();
    send('a');
    appendFileSync(file(), '[{"kind":"put","queue":"orders"');
    expect(receiver(start().queue).ids()).toEqual(['a']);
  });

  test('with a broken line is refused, with the number of the line', () => {
    start().send('a');
    writeFileSync(file(), `${readFileSync(file(), 'utf8')}[{"kind":"boo","queue":"orders"}]\n`);
    expect(() => start()).toThrow(/line 4 has a change of the unknown kind 'boo'/);
  });

  test('tells of queues that the config does not name any more', () => {
    start({ name: 'former' }).send('a');
    expect([...start().missing]).toEqual(['former', 'former/$DeadLetterQueue']);
  });

  test('writes the changes of one piece of work in one line', () => {
    const { send } = start();
    const before = readFileSync(file(), 'utf8').split('\n').length;
    send('a', 'b', 'c');
    expect(readFileSync(file(), 'utf8').split('\n')).toHaveLength(before + 1);
  });

  test('is written anew before it grows without end', () => {
    const { queue, send, work } = start();
    const bob = receiver(queue, { credit: 1000 });
    const content = Buffer.alloc(1_000_000);
    for (let round = 0; round < 30; round++) {
      send(sent(`large-${round}`, { content }));
      work(() => settle(queue, tokenOf(bob.last()), { kind: 'complete' }));
    }
    expect(statSync(file()).size).toBeLessThan(17_000_000);
    expect(start().queue.all.size).toBe(0);
  });

  test('starts empty where there is none', () => {
    rmSync(place.folder, { recursive: true });
    expect(start().queue.all.size).toBe(0);
  });
});
