import type { ShownChange, ShownPlan, ShownRun, ShownStage, SlipwayApi } from './api.ts';
import { changesText } from './view.ts';

const INDENT = ' '.repeat(9);

/** Prints what each stage would change, change by change, once for each plan. */
export class PlanView {
  private readonly shown = new Set<string>();
  private readonly api: Pick<SlipwayApi, 'plan'>;
  private readonly write: (line: string) => void;

  constructor(api: Pick<SlipwayApi, 'plan'>, write: (line: string) => void) {
    this.api = api;
    this.write = write;
  }

  async look(project: string, run: ShownRun): Promise<void> {
    for (const stage of run.stages) {
      if (stage.plan === null || !hasPlanned(stage) || total(stage) === 0) continue;
      const key = `${stage.name} ${stage.plan.hash}`;
      if (this.shown.has(key)) continue;
      this.shown.add(key);
      const plan = await this.api.plan({ project, run: run.id, stage: stage.name });
      for (const line of planLines(stage.name, plan)) this.write(`${INDENT}${line}`);
    }
  }
}

function hasPlanned({ status }: ShownStage): boolean {
  return !['queued', 'planning'].includes(status);
}

function total({ plan }: ShownStage): number {
  const { create = 0, update = 0, delete: removed = 0, run = 0 } = plan?.changes ?? {};
  return create + update + removed + run;
}

/** A plan as text: a line a change with its class, and what no rollback undoes. */
export function planLines(stage: string, { planHash, changes, steps }: ShownPlan): string[] {
  const all = steps.flatMap(({ step, changes: its }) => its.map((change) => ({ step, change })));
  const width = Math.max(0, ...all.map(({ step }) => step.length));
  const lines = all.map(({ step, change }) => `  ${step.padEnd(width)}  ${changeText(change)}`);
  const forward = all
    .filter(({ change }) => change.class === 'forward-only')
    .map(({ change }) => change.target);
  const counts = changes === null ? 'no change' : changesText(changes);
  return [
    `Plan ${planHash?.slice(0, 12) ?? ''} of ${stage}: ${counts}`,
    ...lines,
    ...(forward.length === 0
      ? []
      : [`  ${forward.length} forward-only: no rollback undoes ${forward.join(', ')}`]),
  ];
}

function changeText({ action, target, class: kind, detail }: ShownChange): string {
  const mark = kind === 'forward-only' ? 'FORWARD-ONLY' : kind;
  return `${action.padEnd(6)}  ${mark.padEnd(12)}  ${target}${detail === undefined ? '' : `  (${detail})`}`;
}

/** What steps say that they have left behind, or kept for now: one line each. */
export function leftBehind({ stages }: ShownRun): string[] {
  return stages.flatMap(({ steps }) =>
    steps.flatMap(({ name, output }) =>
      (['left', 'kept'] as const).flatMap((field) => {
        const values = output[field];
        if (!Array.isArray(values) || values.length === 0) return [];
        const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
        return [`${field === 'left' ? 'Left behind' : 'Kept for now'} by ${name}: ${texts.join(', ')}`];
      }),
    ),
  );
}
