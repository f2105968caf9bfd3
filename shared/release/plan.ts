import { canonicalJson, sha256 } from './canonical-json.ts';

/** Whether a change can be undone: at once, by a further change, or not at all. */
export type ChangeClass = 'reversible' | 'compensable' | 'forward-only';

/** One difference that a step would make. */
export interface Change {
  /** What is changed, e.g. `/Shared/notebooks/ingest` or `catalog parking_catalog_dev`. */
  readonly target: string;
  readonly action: 'create' | 'update' | 'delete' | 'run';
  /** SHA-256 of the target's content before and after; null where it does not exist. */
  readonly before: string | null;
  readonly after: string | null;
  readonly class: ChangeClass;
  /** What a reader of the plan wants to know, one line; never a secret. */
  readonly detail?: string;
  /** What `apply` needs besides, e.g. a digest of content to send. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** How many changes of each action. */
export interface ChangeCounts {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly run: number;
}

export const NO_CHANGES: ChangeCounts = { create: 0, update: 0, delete: 0, run: 0 };

/** Counts changes by action. */
export function countChanges(changes: readonly Change[]): ChangeCounts {
  const counts = { ...NO_CHANGES };
  for (const change of changes) counts[change.action] += 1;
  return counts;
}

/** All changes, whatever their action. */
export function totalOf(counts: ChangeCounts): number {
  return counts.create + counts.update + counts.delete + counts.run;
}

/** Changes in the one order in which they are stored, shown and hashed. */
export function sortChanges(changes: readonly Change[]): Change[] {
  return [...changes].sort((left, right) => {
    if (left.target !== right.target) return left.target < right.target ? -1 : 1;
    return left.action < right.action ? -1 : 1;
  });
}

/** Canonical text of a step's changes and its SHA-256. */
export function stepPlan(changes: readonly Change[]): { readonly text: string; readonly digest: string } {
  const text = canonicalJson(sortChanges(changes));
  return { text, digest: sha256(text) };
}

/** Reads what `stepPlan` wrote. For content of our own store only, where its digest says that it is a plan of ours. */
export function parseChanges(text: Uint8Array): Change[] {
  const changes: Change[] = JSON.parse(new TextDecoder().decode(text));
  return changes;
}

/**
 * The plan hash of a stage: SHA-256 over the canonical list of its steps and the digests of their changes.
 * It covers every change through those digests, so the core never has to hold the changes themselves.
 */
export function planHash(steps: readonly { readonly name: string; readonly digest: string }[]): string {
  return sha256(canonicalJson(steps.map(({ name, digest }) => ({ name, digest }))));
}

/** Whether every change of `changes` also stands in `approved`, by what it does (not by what it replaces). */
export function isWithin(changes: readonly Change[], approved: readonly Change[]): boolean {
  const allowed = new Set(
    approved.map(({ target, action, after }) => canonicalJson([target, action, after])),
  );
  return changes.every(({ target, action, after }) => allowed.has(canonicalJson([target, action, after])));
}
