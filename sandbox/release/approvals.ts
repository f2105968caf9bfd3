import { createInterface } from 'node:readline/promises';
import type { ShownRun, ShownStage, SlipwayApi } from './api.ts';
import type { StartOptions } from './options.ts';
import { changesText } from './view.ts';

const APPROVER = 'Alex Approver';

/** Approves gates as a person who did not ask for the run: by itself, or after asking in the terminal. */
export class Approvals {
  private readonly handled = new Set<string>();
  private readonly api: SlipwayApi;
  private readonly how: StartOptions['approve'];
  private readonly approver: string;
  private readonly write: (line: string) => void;

  /** @param rules how gates are approved, and by whom: somebody else than the requester. */
  constructor(
    api: SlipwayApi,
    { how, approver = APPROVER }: { readonly how: StartOptions['approve']; readonly approver?: string },
    write: (line: string) => void,
  ) {
    this.api = api;
    this.how = how;
    this.approver = approver;
    this.write = write;
  }

  /** Handles each gate once; a new plan opens a new one. */
  async look(project: string, run: ShownRun): Promise<void> {
    for (const stage of run.stages) {
      if (stage.status !== 'waiting-for-approval' || stage.plan === null) continue;
      const gate = `${stage.name} ${stage.plan.hash}`;
      if (this.handled.has(gate)) continue;
      this.handled.add(gate);
      await this.handle({ project, run: run.id, stage: stage.name }, stage.plan);
    }
  }

  private async handle(
    where: { project: string; run: string; stage: string },
    plan: NonNullable<ShownStage['plan']>,
  ): Promise<void> {
    if (this.how === 'none') return this.write(`         approve with: ${this.command(where, plan.hash)}`);
    const verb = this.how === 'auto' ? 'approve' : await this.ask(where.stage, plan);
    const refusal = await this.api.decide(where, verb, {
      planHash: plan.hash,
      by: this.approver,
      comment: `by ${this.how}`,
    });
    this.write(
      refusal === null
        ? `         ${verb === 'approve' ? 'approved' : 'rejected'} by ${this.approver}`
        : `         refused: ${refusal}`,
    );
  }

  private async ask(stage: string, plan: NonNullable<ShownStage['plan']>): Promise<'approve' | 'reject'> {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await terminal.question(
        `         Approve ${changesText(plan.changes)} in ${stage}? [Y/n] `,
      );
      return /^n/i.test(answer.trim()) ? 'reject' : 'approve';
    } finally {
      terminal.close();
    }
  }

  private command(
    { project, run, stage }: { project: string; run: string; stage: string },
    planHash: string,
  ): string {
    const url = `${this.api.origin}/api/projects/${project}/runs/${run}/stages/${stage}/approve`;
    return `curl -X POST ${url} -d '${JSON.stringify({ planHash, by: this.approver })}'`;
  }
}
