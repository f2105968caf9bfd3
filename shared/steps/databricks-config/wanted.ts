import { Refusal } from '../../errors.ts';
import { filesOf } from '../../project/manifest.ts';
import { namesIn, substitute } from '../../project/substitute.ts';
import { referenceValues } from '../reference-values.ts';
import { manifestOf } from '../run-inputs.ts';
import type { StepContext } from '../step.ts';
import { reference } from '../unity-catalog/wanted.ts';
import type { Item, Kind } from './file.ts';
import { FILES, KINDS, readEntries, readItem } from './file.ts';

/** A thing as its file wants it. */
export interface Wanted {
  readonly kind: Kind;
  /** What changes of it are called. */
  readonly target: string;
  /**
   * With references to policies, clusters and outputs of the infrastructure left as they are, so that its digest does
   * not depend on what is known when.
   */
  readonly symbolic: Item;
  /**
   * With all that has a value by now.
   * @param ids by `policies.NAME` and `clusters.NAME`.
   */
  readonly withIds: (ids: ReadonlyMap<string, string>) => Item;
}

/** What a thing is called in changes and in the inventory. */
export function targetOf(kind: Kind, name: string): string {
  return `${kind === 'policy' ? 'cluster policy' : kind} ${name}`;
}

/** The name by which files refer to the id of a thing; null for things that they cannot refer to. */
export function referenceTo(kind: Kind, name: string): string | null {
  if (kind === 'policy') return `policies.${name}`;
  return kind === 'cluster' ? `clusters.${name}` : null;
}

/** Whether a text waits for an output of the infrastructure. */
export function isUnknown(text: string): boolean {
  return namesIn(text).some(isOutput);
}

/**
 * What the files of the release want, policies first. A release without them wants nothing.
 * @throws Refusal naming every problem of every file.
 */
export async function readWanted(context: StepContext): Promise<readonly Wanted[]> {
  const values = await referenceValues(context);
  const known = new Map([...values].filter(([name]) => !isOutput(name)));
  const problems: string[] = [];
  const wanted: Wanted[] = [];
  for (const kind of KINDS) {
    const read = readEntries(kind, await textOf(context, kind));
    problems.push(...read.problems);
    for (const entry of read.entries) {
      const symbolic = readItem(kind, substitute(entry, known).value);
      if (!isItem(symbolic)) problems.push(...symbolic);
      else wanted.push(wantedOf(kind, entry, { symbolic, values }));
    }
    problems.push(...missingNames(context, { kind, entries: read.entries, values, wanted }));
  }
  problems.push(...doubled(wanted));
  if (problems.length > 0) throw new Refusal(`The configuration cannot be deployed. ${problems.join(' ')}`);
  return wanted;
}

function wantedOf(
  kind: Kind,
  entry: unknown,
  { symbolic, values }: { readonly symbolic: Item; readonly values: ReadonlyMap<string, string> },
): Wanted {
  const withIds = (ids: ReadonlyMap<string, string>) => {
    const item = readItem(kind, substitute(entry, new Map([...values, ...ids])).value);
    return isItem(item) ? item : symbolic;
  };
  return { kind, target: targetOf(kind, symbolic.name), symbolic, withIds };
}

function isItem(read: Item | readonly string[]): read is Item {
  return !Array.isArray(read);
}

/** The file of a kind; one that the release does not have is empty. */
async function textOf(context: StepContext, kind: Kind): Promise<string> {
  const { file, list } = FILES[kind];
  const found = filesOf(await manifestOf(context), 'databricks-config').find(({ path }) => path === file);
  if (found === undefined) return JSON.stringify({ [list]: [] });
  return new TextDecoder().decode(await context.content.get(found.sha256));
}

/** Names without a value. What comes later in the order of the kinds has no id that could be referred to. */
function missingNames(
  { environment }: StepContext,
  {
    kind,
    entries,
    values,
    wanted,
  }: {
    readonly kind: Kind;
    readonly entries: readonly unknown[];
    readonly values: ReadonlyMap<string, string>;
    readonly wanted: readonly Wanted[];
  },
): string[] {
  const earlier = wanted.filter((each) => each.kind !== kind);
  const given = new Set(earlier.map((each) => referenceTo(each.kind, each.symbolic.name)));
  const missing = namesIn(entries).filter(
    (name) => !values.has(name) && !given.has(name) && !(isOutput(name) && kind !== 'folder'),
  );
  if (missing.length === 0) return [];
  const names = missing.map(reference).join(', ');
  return [`${FILES[kind].file} uses ${names}, which has no value in environment ${environment}.`];
}

function doubled(wanted: readonly Wanted[]): string[] {
  const targets = wanted.map(({ target }) => target);
  const twice = [...new Set(targets.filter((target, index) => targets.indexOf(target) !== index))];
  return twice.map((target) => `${target} stands there twice: give each a name of its own.`);
}

function isOutput(name: string): boolean {
  return name.startsWith('outputs.');
}
