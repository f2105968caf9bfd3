/** The event types that the twin raises, with their publisher and the versions of their resource. */
export const EVENT_TYPES: Readonly<Record<string, { publisherId: string; versions: readonly string[] }>> = {
  'build.complete': { publisherId: 'tfs', versions: ['2.0', '1.0'] },
  'git.pullrequest.created': { publisherId: 'tfs', versions: ['1.0'] },
  'git.pullrequest.updated': { publisherId: 'tfs', versions: ['1.0'] },
  'git.pullrequest.merged': { publisherId: 'tfs', versions: ['1.0'] },
  'ms.vss-pipelines.run-state-changed-event': { publisherId: 'pipelines', versions: ['5.1-preview.1'] },
  'ms.vss-pipelines.stage-state-changed-event': { publisherId: 'pipelines', versions: ['5.1-preview.1'] },
  'ms.vss-pipelinechecks-events.approval-pending': { publisherId: 'pipelines', versions: ['5.1-preview.1'] },
  'ms.vss-pipelinechecks-events.approval-completed': {
    publisherId: 'pipelines',
    versions: ['5.1-preview.1'],
  },
};

/** Throws for an event type that the twin does not know. */
export function publisherOf(eventType: string): string {
  const known = EVENT_TYPES[eventType];
  if (!known) throw new Error(`unknown event type ${eventType}`);
  return known.publisherId;
}
