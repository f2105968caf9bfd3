import type { Stack } from '../../sandbox/stack.ts';
import type { RunRequested } from '../../shared/release/events.ts';
import { ONE_APPROVAL, pipeline, stage, step } from '../release/pipelines.ts';
import { sendRunEvent } from './behind-the-api.ts';
import { eventually } from './eventually.ts';
import { callApi } from './service.ts';

/** Names that the Functions host gives to properties of a message, and a body must not overwrite. */
const FORGED = { messageId: 'forged', deliveryCount: 99, lockToken: 'forged', correlationId: 'forged' };

/** Asks for a run whose only stage needs an approval, and waits until its gate is open. */
export async function runAtGate(
  service: Stack,
  project: string,
): Promise<{ readonly id: string; readonly planHash: string }> {
  const id = 'release-2001';
  const event: RunRequested = {
    type: 'run-requested',
    at: Date.now(),
    project,
    id,
    kind: 'release',
    release: { name: 'build-2001', order: 2001 },
    requestedBy: { id: 'dana', name: 'Dana' },
    why: 'a test',
    overridesFreeze: false,
    traceparent: '',
    pipeline: pipeline([
      stage('production', {
        gate: ONE_APPROVAL,
        steps: [step('deploy', { kind: 'artifacts', plans: false })],
      }),
    ]),
  };
  await sendRunEvent(service, event, FORGED);
  const planHash = await eventually('the gate', async () => {
    const { body } = await callApi(service, `projects/${project}/runs/${id}/stages/production/plan`);
    return (body as { planHash?: string | null }).planHash;
  });
  return { id, planHash };
}
