/** A refusal of the queue, with the AMQP condition that the service gives for it. */
export class QueueError extends Error {
  readonly condition: string;

  constructor(condition: string, description: string) {
    super(description);
    this.name = 'QueueError';
    this.condition = condition;
  }
}

export function messageLockLost(): QueueError {
  return new QueueError(
    'com.microsoft:message-lock-lost',
    'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
  );
}

export function sessionLockLost(sessionId?: string): QueueError {
  const session = sessionId === undefined ? 'the session' : `the session '${sessionId}'`;
  return new QueueError(
    'com.microsoft:session-lock-lost',
    `The lock of ${session} is lost. Accept the session again.`,
  );
}

export function sessionCannotBeLocked(sessionId: string): QueueError {
  return new QueueError(
    'com.microsoft:session-cannot-be-locked',
    `The requested session '${sessionId}' cannot be accepted. It may be locked by another receiver.`,
  );
}

export function noSessionAvailable(): QueueError {
  return new QueueError('com.microsoft:timeout', 'No session with messages became available in time.');
}

export function messageNotFound(sequenceNumber: number): QueueError {
  return new QueueError(
    'com.microsoft:message-not-found',
    `Failed to find the message with the sequence number ${sequenceNumber}, or it is locked or in another state.`,
  );
}

export function sessionIdMissing(): QueueError {
  return new QueueError(
    'amqp:not-allowed',
    'The SessionId was not set on a message, and it cannot be sent to the entity. Entities that have session ' +
      'support enabled can only receive messages that have the SessionId set to a valid value.',
  );
}

export function deadLetterOfDeadLetter(): QueueError {
  return new QueueError(
    'amqp:not-allowed',
    'A message in a dead-letter queue cannot be dead-lettered again.',
  );
}

export function messageTooLarge(sizeInBytes: number, limitInBytes: number): QueueError {
  return new QueueError(
    'amqp:link:message-size-exceeded',
    `The received message (size: ${sizeInBytes} bytes) exceeds the limit of ${limitInBytes} bytes.`,
  );
}
