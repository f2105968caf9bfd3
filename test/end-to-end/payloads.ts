/** Ids of the organisation and project that the events of these tests come from. */
export const ACCOUNT = '11111111-aaaa-4bbb-8ccc-000000000001';
export const SOURCE_PROJECT = '22222222-aaaa-4bbb-8ccc-000000000002';
export const SUBSCRIPTION = '33333333-aaaa-4bbb-8ccc-000000000003';

let made = 0;

/** An event id that no other test uses. */
export function newEventId(): string {
  made += 1;
  return `44444444-aaaa-4bbb-8ccc-${String(made).padStart(12, '0')}`;
}

export interface BuildFacts {
  /** Text of digits; it stands in the JSON as a number. */
  readonly build: string;
  readonly definition?: string;
  readonly event?: string;
  readonly result?: string;
  readonly branch?: string;
  /** Further properties of the envelope. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A `build.complete` of resource version 2.0, as Azure DevOps sends it, as JSON text. */
export function buildCompleted(facts: BuildFacts): string {
  const { build, definition = '138', result = 'succeeded', branch = 'refs/heads/main', extra = {} } = facts;
  const text = `Build ${build} ${result}`;
  const event = {
    subscriptionId: SUBSCRIPTION,
    notificationId: 1,
    id: facts.event ?? newEventId(),
    eventType: 'build.complete',
    publisherId: 'tfs',
    message: { text, html: text, markdown: text },
    resource: {
      id: '#build',
      buildNumber: `20270104.${build}`,
      status: 'completed',
      result,
      definition: { id: '#definition', name: 'artifacts', path: '\\', revision: 3 },
      sourceBranch: branch,
      sourceVersion: '89abcdef0123456789abcdef0123456789abcdef',
      requestedFor: { id: '55555555-aaaa-4bbb-8ccc-000000000005', displayName: 'Dana Developer' },
    },
    resourceVersion: '2.0',
    resourceContainers: {
      collection: { id: '66666666-aaaa-4bbb-8ccc-000000000006' },
      account: { id: ACCOUNT },
      project: { id: SOURCE_PROJECT },
    },
    createdDate: '2027-01-04T08:00:00.000Z',
    ...extra,
  };
  // Ids beyond 2^53 cannot pass through a JavaScript number.
  return JSON.stringify(event).replace('"#build"', build).replace('"#definition"', definition);
}

/** A registration with two environments, whose builds come from this pipeline. */
export function projectFile(project: string, artifactsPipeline: string): string {
  return `project: ${project}
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: "${artifactsPipeline}" }
environments:
  dev: { key: dev, subscription: 77777777-aaaa-4bbb-8ccc-000000000007 }
  production: { key: prod, subscription: 77777777-aaaa-4bbb-8ccc-000000000007, approvals: 1 }
`;
}
