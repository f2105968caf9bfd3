import { canonicalJson, sha256 } from '../../release/canonical-json.ts';
import type { Change } from '../../release/plan.ts';
import type { Decision, FlagCase } from './decision.ts';
import type { DeclaredFlag } from './file.ts';
import { contentOf, describeStep, marksOf, standingOf } from './setting.ts';

/** What a change to a flag is called. */
export function targetOf(id: string): string {
  return `feature flag ${id}`;
}

/**
 * The change that a decision means; null for none. Its digests are those of declarations, not of percentages: a
 * rollout that goes on while people look at the plan does not make it another one.
 */
export function changeOf(flag: FlagCase, decision: Decision, project: string): Change | null {
  if (decision.kind === 'keep' || decision.kind === 'refuse') return null;
  const { id, declared, current } = flag;
  const before = digestNow(flag, project);
  return {
    target: targetOf(id),
    action: decision.kind === 'remove' ? 'delete' : current === null ? 'create' : 'update',
    before,
    after: digestAfter(decision, declared),
    class: current === null ? 'compensable' : 'reversible',
    detail: detailOf(decision, declared),
    data: { id },
  };
}

function digestNow({ current }: FlagCase, project: string): string | null {
  if (current === null) return null;
  const marks = standingOf(current, project) === 'as-written' ? marksOf(current) : null;
  return digest(marks === null ? contentOf(current) : { declaration: marks.declaration });
}

function digestAfter(decision: Decision, declared: DeclaredFlag | null): string | null {
  if (decision.kind === 'restore') return digest(decision.content);
  if (decision.kind !== 'write' || declared === null) return null;
  const start = decision.goesOn ? 'goes on' : decision.step;
  return digest({ declaration: declared.declaration, start });
}

function digest(value: unknown): string {
  return sha256(canonicalJson(value));
}

function detailOf(decision: Decision, declared: DeclaredFlag | null): string {
  if (decision.kind === 'restore') return 'as it was before';
  if (decision.kind === 'remove') return decision.why;
  if (decision.kind !== 'write' || declared === null) return '';
  if (decision.goesOn) return `${decision.why}: its rollout goes on`;
  const then = declared.enabled ? declared.steps.slice(decision.step) : [];
  const steps = [decision.step, ...then.map((_, index) => decision.step + index + 1)];
  return `${decision.why}: ${steps.map((step) => describeStep(declared, step)).join(', then ')}`;
}
