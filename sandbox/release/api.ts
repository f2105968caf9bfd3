/** A run as the API answers it, as far as the sandbox shows it. */
export interface ShownRun {
  readonly id: string;
  readonly status: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly stages: readonly ShownStage[];
  readonly blockedBy: readonly {
    readonly stage: string;
    readonly blockedBy: string;
    readonly unblockedBy: string;
  }[];
}

export interface ShownStage {
  readonly name: string;
  readonly status: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly note: string | null;
  readonly plan: { readonly hash: string; readonly changes: ShownCounts } | null;
  readonly steps: readonly ShownStep[];
}

export interface ShownStep {
  readonly name: string;
  readonly status: string;
  readonly mode: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly plan: { readonly digest: string; readonly changes: ShownCounts } | null;
  readonly output: Readonly<Record<string, unknown>>;
}

export interface ShownCounts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly run: number;
}

/** Slipway's own HTTP API, as any client would use it. */
export class SlipwayApi {
  readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Null while there is no such run. */
  async run(project: string, run: string): Promise<ShownRun | null> {
    const answer = await fetch(`${this.origin}/api/projects/${project}/runs/${run}`);
    return answer.status === 404 ? null : (this.checked(answer, await answer.text()) as ShownRun);
  }

  async register(project: string, yaml: string): Promise<void> {
    const answer = await fetch(`${this.origin}/api/projects/${project}`, { method: 'PUT', body: yaml });
    this.checked(answer, await answer.text());
  }

  /** What became of the webhooks that concern no run. */
  async deliveries(project: string): Promise<readonly { readonly outcome: string; readonly why: string }[]> {
    const answer = await fetch(`${this.origin}/api/deliveries?project=${project}`);
    const { deliveries } = this.checked(answer, await answer.text()) as {
      deliveries: { outcome: string; why: string }[];
    };
    return deliveries;
  }

  /** @returns why it does not count, or null. */
  async decide(
    where: { project: string; run: string; stage: string },
    verb: 'approve' | 'reject',
    body: object,
  ): Promise<string | null> {
    const url = `${this.origin}/api/projects/${where.project}/runs/${where.run}/stages/${where.stage}/${verb}`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    if (answer.ok) return null;
    const problem = (await answer.json()) as { detail?: string };
    return problem.detail ?? `status ${answer.status}`;
  }

  private checked(answer: Response, text: string): unknown {
    if (answer.ok) return JSON.parse(text);
    throw new Error(`${answer.url} answers ${answer.status}: ${text}`);
  }
}
