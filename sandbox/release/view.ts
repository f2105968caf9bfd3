import type { ShownCounts, ShownRun, ShownStage, ShownStep } from './api.ts';

const SHOWN_OUTPUTS = 2;

/** Prints what is new in a run since the last look, one line each. */
export class ReleaseView {
  private readonly seen = new Map<string, string>();
  private readonly write: (line: string) => void;
  private readonly startedAt: number;

  constructor(write: (line: string) => void, startedAt: number) {
    this.write = write;
    this.startedAt = startedAt;
  }

  show(run: ShownRun, now: number): void {
    for (const stage of run.stages) {
      for (const step of stage.steps) this.showStep(stage, step, now);
      this.showStage(stage, now);
    }
  }

  private showStage(stage: ShownStage, now: number): void {
    if (stage.status === 'queued' || !this.isNew(stage.name, `${stage.status} ${stage.plan?.hash ?? ''}`))
      return;
    const took =
      stage.startedAt === null || stage.endedAt === null
        ? ''
        : ` in ${seconds(stage.endedAt - stage.startedAt)}`;
    const plan =
      stage.plan === null || stage.plan.hash === ''
        ? ''
        : `  plan ${stage.plan.hash.slice(0, 12)}: ${changesText(stage.plan.changes)}`;
    const note = stage.note === null ? '' : `  ${stage.note}`;
    const shownPlan = ['waiting-for-approval', 'applying'].includes(stage.status) ? plan : '';
    this.line(now, `${stage.name.padEnd(18)} ${stage.status}${took}${shownPlan}${note}`);
  }

  private showStep(stage: ShownStage, step: ShownStep, now: number): void {
    if (!this.isNew(`${stage.name}/${step.name}`, `${step.status} ${step.mode} ${step.attempt}`)) return;
    const text = describe(step);
    if (text !== null) this.line(now, `${''.padEnd(18)}   ${step.name.padEnd(16)} ${text}`);
  }

  private isNew(key: string, value: string): boolean {
    const isNew = this.seen.get(key) !== value;
    this.seen.set(key, value);
    return isNew;
  }

  private line(now: number, text: string): void {
    this.write(`${seconds(now - this.startedAt).padStart(7)}  ${text}`);
  }
}

function describe(step: ShownStep): string | null {
  switch (step.status) {
    case 'planned':
      return step.plan === null ? null : `plans ${changesText(step.plan.changes)}`;
    case 'succeeded':
      return `done${outputText(step.output)}`;
    case 'unchanged':
      return 'unchanged';
    case 'failed':
      return `FAILED: ${step.error}`;
    case 'pending':
      return step.error === null ? null : `attempt ${step.attempt} follows: ${step.error}`;
    default:
      return null;
  }
}

function outputText(output: Readonly<Record<string, unknown>>): string {
  const plain = Object.entries(output).filter(
    ([name, value]) => name !== 'inventory' && ['string', 'number'].includes(typeof value),
  );
  const texts = plain
    .slice(0, SHOWN_OUTPUTS)
    .map(
      ([name, value]) =>
        `${name} ${/^[0-9a-f]{64}$/.test(String(value)) ? String(value).slice(0, 12) : value}`,
    );
  return texts.length === 0 ? '' : `: ${texts.join(', ')}`;
}

/** Whether a run has done what it was started for: a rollout may go on after it. */
export function isGood(run: ShownRun): boolean {
  return run.status === 'succeeded' || rolloutPause(run, 0) !== null;
}

/** How long from now nothing happens in a run but the rollout of its flags; null while something else goes on. */
export function rolloutPause({ stages }: ShownRun, now: number): number | null {
  const open = stages.filter(({ endedAt }) => endedAt === null);
  const [rollout] = open;
  if (rollout === undefined || open.length > 1) return null;
  if (!rollout.steps.every(({ name, status }) => name === 'feature-rollout' && status === 'waiting'))
    return null;
  return Math.min(...rollout.steps.map(({ dueAt }) => dueAt)) - now;
}

/** `3 to create, 1 to update`, or `no change`. */
export function changesText(counts: ShownCounts): string {
  const parts = (['create', 'update', 'delete', 'run'] as const).flatMap((action) =>
    counts[action] === 0 ? [] : [`${counts[action]} to ${action}`],
  );
  return parts.length === 0 ? 'no change' : parts.join(', ');
}

export function seconds(timeInMs: number): string {
  return `${(timeInMs / 1000).toFixed(1)} s`;
}
