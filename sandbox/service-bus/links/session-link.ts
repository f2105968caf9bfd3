import type { Sender } from 'rhea';
import { answerAttach, holdAttach, refuse } from '../amqp/rhea.ts';
import { dotNetTicks, wholeNumber } from '../amqp/values.ts';
import type { QueueError } from '../engine/queue-error.ts';
import type { MessageSession, Queue } from '../engine/queue-model.ts';
import { acceptNextSession, acceptSession, releaseSession } from '../engine/sessions.ts';
import { type Broker, type Endpoint, errorFor } from './endpoint.ts';
import { receiveEndpoint } from './receive-link.ts';

const defaultTimeoutInMs = 60_000;

export interface SessionSource {
  readonly queue: Queue;
  /** Null for the next free one with messages. */
  readonly sessionId: string | null;
}

/**
 * A receiver of one session. The attach is answered when the session is granted: a named one at once, the next
 * one when there is one. The session is free again when the link goes.
 */
export function sessionEndpoint(broker: Broker, sender: Sender, source: SessionSource): Endpoint {
  const { queue, sessionId } = source;
  const { namespace } = broker;
  let held: MessageSession | undefined;
  let inner: Endpoint = {};
  let stopWaiting = (): void => {};
  const holder = { lost: (error: QueueError) => refuse(sender, errorFor(broker, error)) };
  const granted = (session: MessageSession): void => {
    held = session;
    answerGranted(sender, session);
    inner = receiveEndpoint(broker, sender, { queue, lane: session.lane });
  };
  const refused = (error: unknown): void => refuse(sender, errorFor(broker, error));
  if (sessionId !== null) acceptNamed({ queue, sessionId, holder, granted, refused });
  else {
    holdAttach(sender);
    const opened =
      <T>(then: (value: T) => void) =>
      (value: T) => {
        sender.open();
        then(value);
      };
    const waiter = { holder, granted: opened(granted), refused: opened(refused) };
    stopWaiting = namespace.transact(() => acceptNextSession(queue, waiter, timeoutInMs(sender)));
  }
  return {
    credit: () => inner.credit?.(),
    drain: () => inner.drain?.(),
    outcome: (delivery, kind) => inner.outcome?.(delivery, kind),
    gone() {
      inner.gone?.();
      stopWaiting();
      const session = held;
      if (session !== undefined) namespace.transact(() => releaseSession(queue, session, holder));
    },
  };
}

interface NamedRequest {
  readonly queue: Queue;
  readonly sessionId: string;
  readonly holder: { lost(error: QueueError): void };
  granted(session: MessageSession): void;
  refused(error: unknown): void;
}

function acceptNamed(request: NamedRequest): void {
  try {
    request.granted(acceptSession(request.queue, request.sessionId, request.holder));
  } catch (error) {
    request.refused(error);
  }
}

function answerGranted(sender: Sender, session: MessageSession): void {
  answerAttach(sender, {
    source: { address: sender.source.address ?? '', filter: { 'com.microsoft:session-filter': session.id } },
    target: { address: sender.target?.address ?? '' },
    properties: { 'com.microsoft:locked-until-utc': dotNetTicks(session.lockedUntilInMs) },
  });
}

function timeoutInMs(sender: Sender): number {
  return wholeNumber(sender.properties?.['com.microsoft:timeout']) ?? defaultTimeoutInMs;
}
