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
  /** When it is asked again, while it waits. */
  readonly dueAt: number;
  readonly plan: { readonly digest: string; readonly changes: ShownCounts } | null;
  readonly output: Readonly<Record<string, unknown>>;
}

export interface ShownCounts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly run: number;
}

/** One change of a plan. */
export interface ShownChange {
  readonly target: string;
  readonly action: string;
  readonly class: string;
  readonly detail?: string;
}

export interface ShownPlan {
  readonly planHash: string | null;
  readonly changes: ShownCounts | null;
  readonly steps: readonly { readonly step: string; readonly changes: readonly ShownChange[] }[];
}

/** A redeploy or a rollback that was accepted. */
export interface ShownDeployment {
  readonly run: string;
  readonly release: string;
  /** What was there before, be it in part. */
  readonly from: string | null;
  /** Path of the run. */
  readonly looksAt: string;
}

const ASKS = 4;
const ASK_AGAIN_AFTER_MS = 1_000;

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

  /** Names of the registered projects. */
  async projects(): Promise<string[]> {
    const answer = await fetch(`${this.origin}/api/projects`);
    const { projects } = this.checked(answer, await answer.text()) as { projects: { project: string }[] };
    return projects.map(({ project }) => project);
  }

  async plan(where: { project: string; run: string; stage: string }): Promise<ShownPlan> {
    const url = `${this.origin}/api/projects/${where.project}/runs/${where.run}/stages/${where.stage}/plan`;
    const answer = await fetch(url);
    return this.checked(answer, await answer.text()) as ShownPlan;
  }

  /**
   * Asks for a redeploy or a rollback. Without an answer, or while something is down, it asks again with the same key,
   * which makes no second run.
   * @throws Error with the detail of the refusal
   */
  async deploy(
    where: { project: string; environment: string; kind: string; key: string },
    body: object,
  ): Promise<ShownDeployment> {
    const url = `${this.origin}/api/projects/${where.project}/environments/${encodeURIComponent(where.environment)}`;
    const headers = { 'content-type': 'application/json', 'idempotency-key': where.key };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    for (let ask = 1; ; ask += 1) {
      const answer = await fetch(`${url}/${where.kind}`, request).catch((error: unknown) => {
        if (ask === ASKS) throw error;
        return null;
      });
      if (answer?.ok) return (await answer.json()) as ShownDeployment;
      if (answer !== null && (answer.status !== 503 || ask === ASKS)) throw new Error(await detailOf(answer));
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER_MS));
    }
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
    return answer.ok ? null : detailOf(answer);
  }

  private checked(answer: Response, text: string): unknown {
    if (answer.ok) return JSON.parse(text);
    throw new Error(`${answer.url} answers ${answer.status}: ${text}`);
  }
}

/** What a problem says of its cause and the next step. */
async function detailOf(answer: Response): Promise<string> {
  const problem = (await answer.json()) as { detail?: string };
  return problem.detail ?? `status ${answer.status}`;
}
