import type { StagePlan } from '../../sandbox/azure-devops/builds/rows.ts';
import { approvalReader } from '../../shared/azure-devops/approval-reader.ts';
import { readPayload } from '../../shared/azure-devops/payload.ts';
import type { IntakeMessage } from '../../shared/engine/intake-message.ts';
import { sendIntake } from '../../shared/engine/intake-message.ts';
import type { Deliveries, Delivery, ReleaseRecord } from '../../shared/engine/ports.ts';
import { takeIntake } from '../../shared/engine/take-intake.ts';
import { projectDirectory } from '../../shared/project/directory.ts';
import { pipelineOf } from '../../shared/project/pipeline-of.ts';
import { readProjectFile } from '../../shared/project/project-file.ts';
import type { Run, StageState } from '../../shared/release/model.ts';
import { newRun } from '../../shared/release/new-run.ts';
import { MemoryContent } from '../adapters/memory-content.ts';
import { MemoryStore } from '../engine/simulator/memory-store.ts';
import { intakeWorld, memoryReleases } from '../steps/intake-world.ts';
import { underVirtualTime } from '../steps/virtual-time.ts';

export const PLAN = 'a'.repeat(64);
const KINDS = new Set(['infrastructure', 'wheel']);
const REQUESTER = { id: 'somebody', name: 'Somebody' };

function yamlOf(releasePipeline: string, approvals: number): string {
  return `
project: parking-sensors
azureDevOps: { organization: contoso, project: parking, artifactsPipeline: 138, releasePipeline: ${releasePipeline} }
environments:
  staging: { key: stg, subscription: 11111111-1111-4111-8111-111111111111, approvals: ${approvals} }
  production: { key: prod, subscription: 11111111-1111-4111-8111-111111111111, approvals: 1, azureDevOpsEnvironment: live }
`;
}

export interface GateOptions {
  /** How many approvals Slipway's gate wants. */
  readonly approvals?: number;
  readonly minRequiredApprovers?: number;
  /** Another project, listed before, with the same release pipeline. */
  readonly other?: (releasePipeline: string) => { readonly name: string; readonly yaml: string };
}

/** A run of build 20001 whose stage `staging` is at its gate, and a release pipeline in Azure DevOps. */
export function approvalWorld({ approvals = 1, minRequiredApprovers = 1, other }: GateOptions = {}) {
  const world = intakeWorld();
  const { twin, clock, clients, hooks } = world;
  for (const name of ['staging', 'live', 'playground'])
    twin.addEnvironment({
      project: 'parking',
      name,
      approvers: ['Ada Example', 'Bob Example'],
      minRequiredApprovers,
    });
  const stages: StagePlan[] = [{ name: 'staging', environment: 'staging' }];
  twin.addPipeline({ project: 'parking', name: 'ci-artifacts', stages: [] });
  const { id: pipelineId } = twin.addPipeline({ project: 'parking', name: 'cd-approvals', stages });
  const yaml = yamlOf(String(pipelineId), approvals);
  const file = readProjectFile(yaml);
  const store = new MemoryStore(() => clock.now());
  const releases = memoryReleases();
  const ports = portsOf({ store, clock, releases });
  const reader = approvalReader({ clients, store, records: store, releases, clock });
  const all = [...(other === undefined ? [] : [other(String(pipelineId))]), { name: file.project, yaml }];
  const projects = {
    listProjects: async () => all.map((its) => ({ name: its.name, settings: { yaml: its.yaml }, tag: '1' })),
  };
  const directory = projectDirectory({
    ...{ projects, approvals: reader, clients, kinds: KINDS },
    now: () => clock.now(),
  });
  const run = newRun({
    type: 'run-requested',
    at: clock.now(),
    project: file.project,
    id: 'release-20001',
    kind: 'release',
    release: { name: 'build-20001', order: 20001 },
    requestedBy: REQUESTER,
    why: 'a test',
    overridesFreeze: false,
    pipeline: pipelineOf(file, { id: '20001' }, KINDS),
    traceparent: '',
  });

  /** Puts the run's stage into a state, as if it had got there by itself. */
  const setStage = async (name: string, state: Partial<StageState>): Promise<void> => {
    const loaded = await store.load(file.project, run.id);
    const before = loaded.run ?? run;
    const after: Run = {
      ...before,
      version: before.version + 1,
      stages: before.stages.map((stage) => (stage.name === name ? { ...stage, ...state } : stage)),
    };
    const event = { type: 'time-passed', at: clock.now(), wake: null } as const;
    await store.commit({
      project: file.project,
      run: after,
      environments: [],
      event,
      effects: [],
      tags: loaded.tags,
    });
  };
  const openGate = (name = 'staging', hash = PLAN) =>
    setStage(name, {
      status: 'waiting-for-approval',
      gateOpenedAt: clock.now(),
      plan: {
        hash,
        changes: { create: 1, update: 0, delete: 0, run: 0 },
        begunAt: clock.now(),
        generation: null,
      },
    });
  const startPipeline = (templateParameters: Record<string, string>, its: readonly StagePlan[] = stages) =>
    twin.startRun({ project: 'parking', pipeline: 'cd-approvals', stages: its, templateParameters });

  /** Delivers what Azure DevOps has to say, and takes it in. @returns what was noted of each event. */
  const takeHooks = async (): Promise<Pick<Delivery, 'outcome' | 'why' | 'run' | 'eventType'>[]> => {
    await underVirtualTime(clock, twin.deliveries.deliverDue());
    const bodies = hooks.splice(0);
    const noted: Delivery[] = [];
    for (const body of bodies)
      await underVirtualTime(
        clock,
        takeIntake({ ...ports, directory, deliveries: deliveriesInto(noted) }, await messageOf(body)),
      );
    return noted.map(({ outcome, why, run: its, eventType }) => ({ outcome, why, run: its, eventType }));
  };
  const stageOf = async (name = 'staging') =>
    (await store.load(file.project, run.id)).run?.stages.find((stage) => stage.name === name);
  const knowRelease = (release: ReleaseRecord) => releases.add(file.project, release);
  const warnings: string[] = [];
  const asking = {
    clients,
    projects,
    records: store,
    store,
    clock,
    log: { ...ports.log, warn: (text: string) => void warnings.push(text) },
  };
  return {
    ...world,
    asking,
    warnings,
    file,
    store,
    openGate,
    setStage,
    startPipeline,
    takeHooks,
    stageOf,
    pipelineId,
    knowRelease,
  };
}

function portsOf(given: Pick<Parameters<typeof takeIntake>[0], 'store' | 'clock' | 'releases'>) {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const none = () => {
    throw new Error('no client is needed here');
  };
  return {
    ...given,
    log,
    bus: { send: async () => undefined },
    content: new MemoryContent(),
    kinds: new Map(),
    clientsFor: none,
  };
}

function deliveriesInto(noted: Delivery[]): Deliveries {
  return {
    recordDelivery: async (_project, delivery) => void noted.push(delivery),
    listDeliveries: async () => noted,
  };
}

/** The message that the receiver of webhooks would queue. */
async function messageOf(body: string): Promise<IntakeMessage> {
  const sent: string[] = [];
  const bus = {
    send: async (_queue: string, [message]: readonly { body: string }[]) =>
      void sent.push(message?.body ?? ''),
  };
  const clock = { now: () => 0, sleep: async () => undefined };
  const { envelope, ...read } = readPayload(body);
  const received = {
    id: envelope?.id ?? null,
    eventType: envelope?.eventType ?? '',
    body,
    read,
    traceparent: null,
  };
  await sendIntake({ bus, content: new MemoryContent(), clock }, { source: 'azure-devops', ...received });
  return JSON.parse(sent[0] ?? '') as IntakeMessage;
}

/** Subscribes to both kinds of approval events. */
export async function subscribe(twin: ReturnType<typeof intakeWorld>['twin']): Promise<void> {
  for (const word of ['pending', 'completed']) {
    const subscription = {
      publisherId: 'pipelines',
      eventType: `ms.vss-pipelinechecks-events.approval-${word}`,
      resourceVersion: '5.1-preview.1',
      consumerId: 'webHooks',
      consumerActionId: 'httpRequest',
      publisherInputs: {},
      consumerInputs: { url: 'https://slipway.example/azure-devops' },
    };
    await twin.service.handle({
      method: 'POST',
      url: '/contoso/_apis/hooks/subscriptions?api-version=7.1',
      headers: { authorization: 'Bearer x' },
      body: Buffer.from(JSON.stringify(subscription)),
    });
  }
}
