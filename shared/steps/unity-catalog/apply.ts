import type { GrantChange, NotDone, SecurableInfo, UnityCatalog } from '../../engine/databricks-client.ts';
import { TransientFailure } from '../../errors.ts';
import type { Change } from '../../release/plan.ts';
import { withPatience } from '../patience.ts';
import type { StepContext } from '../step.ts';
import type { Task, TaskEnd } from '../work-through.ts';
import { putGrantsBack, putSettingsBack, securableAt } from './back.ts';
import { dataOf } from './change.ts';
import { differenceOf } from './difference.ts';
import type { Securable } from './file.ts';
import { FORMER_GRANTS, GRANTS, phaseOf, phaseOfOwner } from './order.ts';
import type { Wanted } from './wanted.ts';
import { isUnknown, reference, unknownOutputs } from './wanted.ts';

/** What the tasks work with. */
export type Site = Pick<StepContext, 'clock' | 'content' | 'log'> & { readonly api: UnityCatalog };

/** The tasks that make exactly these changes. */
export function tasksFor(changes: readonly Change[], wanted: readonly Wanted[], site: Site): Task[] {
  const byTarget = new Map(wanted.map(({ target, securable }) => [target, securable]));
  const tasks = changes.flatMap((change): Task[] => {
    const data = dataOf(change);
    const back = taskBack(data, site);
    if (back !== null) return [back];
    const granted = data !== null && 'grants' in data ? data : null;
    const target = granted?.of ?? change.target;
    const securable = byTarget.get(target);
    if (securable === undefined) return [refuse(`${target} is planned, but not in the file.`)];
    const { kind, fullName } = securable;
    if (granted !== null)
      return [{ phase: GRANTS, run: () => changeGrants({ kind, fullName, grants: granted.grants }, site) }];
    return settingTasks(securable, data !== null && 'fields' in data ? data.fields : null, site);
  });
  return tasks.sort((left, right) => left.phase - right.phase);
}

/** @param planned fields to update; null for making it. */
function settingTasks(securable: Securable, planned: readonly string[] | null, site: Site): Task[] {
  const { kind, body } = securable;
  const others = planned?.filter((field) => field !== 'owner') ?? null;
  const run = () => (others === null ? create(securable, site) : update(securable, others, site));
  const settings: Task = { phase: phaseOf(kind), run };
  const owner: Task = { phase: phaseOfOwner(kind), run: () => update(securable, ['owner'], site) };
  const hasOwner = planned === null ? body.owner !== undefined : planned.includes('owner');
  return [...(others === null || others.length > 0 ? [settings] : []), ...(hasOwner ? [owner] : [])];
}

function taskBack(data: ReturnType<typeof dataOf>, site: Site): Task | null {
  if (data === null) return null;
  if ('settings' in data)
    return {
      phase: phaseOfOwner(securableAt(data.of).kind),
      run: () => putSettingsBack(data.of, data.settings, site),
    };
  if (!('isReturn' in data)) return null;
  return { phase: FORMER_GRANTS, run: () => putGrantsBack(data.of, data.grants, site) };
}

function refuse(refused: string): Task {
  return { phase: 0, run: async () => ({ refused }) };
}

/** Taken by updates only. */
const LATER = ['isolation_mode', 'enable_predictive_optimization'];

/** A name is unique, so the answer that it exists means: make what is there like the file, perhaps our own work. */
async function create(securable: Securable, site: Site): Promise<TaskEnd> {
  const { kind, body } = securable;
  const outputs = unknownOutputs(body);
  if (outputs.length > 0) return { refused: missingOutputs(securable, outputs) };
  const first = Object.entries(body).filter(([field]) => field !== 'owner' && !LATER.includes(field));
  const make = () => site.api.create(kind, Object.fromEntries(first));
  const answer = await withPatience(site.clock, make, (each) => each?.not !== 'no-parent');
  if (answer === null && !LATER.some((field) => field in body)) return null;
  if (answer !== null && answer.not !== 'exists') return ending(securable, answer);
  const there = await findMade(securable, site);
  if (there === null)
    throw new TransientFailure(`${kind} ${securable.fullName} exists, but Databricks does not show it yet`);
  const { fields, fixed } = differenceOf(securable, there);
  if (fixed.length > 0) return { refused: fixed.join(' ') };
  const { owner: _last, ...others } = fields;
  return send(securable, others, site);
}

/** What was made a moment ago may not be visible yet. */
function findMade({ kind, fullName }: Securable, { api, clock }: Site): Promise<SecurableInfo | null> {
  return withPatience(
    clock,
    () => api.find(kind, fullName),
    (info) => info !== null,
  );
}

/** Changes the planned fields that still differ. */
async function update(securable: Securable, planned: readonly string[], site: Site): Promise<TaskEnd> {
  const { kind, fullName, body } = securable;
  const outputs = unknownOutputs(planned.map((field) => body[field]));
  if (outputs.length > 0) return { refused: missingOutputs(securable, outputs) };
  const there = await findMade(securable, site);
  if (there === null)
    return { refused: `${kind} ${fullName} is gone since it was planned. Retry the stage.` };
  const { fields } = differenceOf(securable, there);
  const differing = Object.entries(fields).filter(([field]) => planned.includes(field));
  return send(securable, Object.fromEntries(differing), site);
}

async function send(securable: Securable, fields: Record<string, unknown>, { api }: Site): Promise<TaskEnd> {
  if (Object.keys(fields).length === 0) return null;
  const answer = await api.update(securable.kind, securable.fullName, fields);
  return answer === null ? null : ending(securable, answer);
}

async function changeGrants(
  {
    kind,
    fullName,
    grants,
  }: Pick<Securable, 'kind' | 'fullName'> & { readonly grants: readonly GrantChange[] },
  { api, clock }: Site,
): Promise<TaskEnd> {
  const change = () => api.changeGrants(kind, fullName, grants);
  const answer = await withPatience(clock, change, (each) => each === 'done');
  return answer === 'done'
    ? null
    : { refused: `${kind} ${fullName} is gone since it was planned. Retry the stage.` };
}

/** A role assignment on storage takes minutes to work; a missing privilege in Unity Catalog does not come by itself. */
function ending({ kind, fullName }: Securable, { not, why }: NotDone): TaskEnd {
  const text = `${kind} ${fullName} cannot be made or changed: ${why}`;
  const isStorage =
    /credential|storage|container|connector|abfss/i.test(why) && !/CREATE[ _]|MANAGE/.test(why);
  if (not !== 'denied' || !isStorage) return { refused: text };
  return {
    later: `${text} Give the access connector the role Storage Blob Data Contributor on the storage.`,
  };
}

function missingOutputs({ kind, fullName }: Securable, outputs: readonly string[]): string {
  const names = outputs.map(reference).join(', ');
  return `${kind} ${fullName} needs ${names}, which the infrastructure of this stage does not give out.`;
}

/**
 * Whether outputs of the infrastructure have changed, so that existing securables differ from what the plan could
 * know. One request for each of them.
 */
export async function surprises(
  wanted: readonly Wanted[],
  changes: readonly Change[],
  { api }: Site,
): Promise<string[]> {
  const planned = new Set(changes.map(({ target }) => target));
  const found: string[] = [];
  for (const { target, securable, symbolic } of wanted) {
    if (planned.has(target) || unknownOutputs(symbolic.body).length === 0) continue;
    const there = await api.find(securable.kind, securable.fullName);
    const fields = there === null ? [] : Object.keys(differenceOf(securable, there, isUnknown).fields);
    if (fields.length > 0)
      found.push(
        `The infrastructure has given out new values, which change ${fields.join(', ')} of ${target}.`,
      );
  }
  return found;
}
