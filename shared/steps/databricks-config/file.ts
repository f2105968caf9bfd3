import { parse } from 'lossless-json';
import * as z from 'zod';
import type { AccessEntry } from '../../engine/databricks-compute-client.ts';
import type { ApiObject } from '../../engine/databricks-jobs-client.ts';
import { namesIn } from '../../project/substitute.ts';
import { canonicalJson } from '../../release/canonical-json.ts';

/** What the files have, in the order in which it is made. */
export const KINDS = ['policy', 'cluster', 'job', 'folder'] as const;

export type Kind = (typeof KINDS)[number];

/** One thing of a file. */
export interface Item {
  readonly name: string;
  /** As the REST API takes it, without the keys of our own. */
  readonly body: ApiObject;
  readonly libraries: readonly ApiObject[];
  readonly access: readonly AccessEntry[];
}

/** What may be given on each kind. */
const LEVELS: Record<Kind, readonly string[]> = {
  policy: ['CAN_USE'],
  cluster: ['CAN_ATTACH_TO', 'CAN_RESTART', 'CAN_MANAGE'],
  job: ['CAN_VIEW', 'CAN_MANAGE_RUN', 'IS_OWNER', 'CAN_MANAGE'],
  folder: ['CAN_READ', 'CAN_RUN', 'CAN_EDIT', 'CAN_MANAGE'],
};

const TITLES: Record<Kind, string> = {
  policy: 'cluster policy',
  cluster: 'cluster',
  job: 'job',
  folder: 'folder',
};

const PRINCIPALS = ['user_name', 'group_name', 'service_principal_name'] as const;

const accessEntry = z
  .strictObject({
    user_name: z.string().min(1).exactOptional(),
    group_name: z.string().min(1).exactOptional(),
    service_principal_name: z.string().min(1).exactOptional(),
    permission_level: z.string().min(1),
  })
  .refine((entry) => PRINCIPALS.filter((key) => entry[key] !== undefined).length === 1, {
    message: 'must have exactly one of user_name, group_name, service_principal_name',
  });
const access = z
  .array(accessEntry)
  .refine((entries) => new Set(entries.map(principalOf)).size === entries.length, {
    message: 'must name everybody once',
  })
  .default([]);
const object = z.record(z.string(), z.unknown());
const own = { access_control_list: access };
const name = z.string().min(1);

const definition = z.union([object, z.string()], { error: 'must be an object, or the text of one' });
const policy = z.looseObject({ name, definition: definition.optional(), ...own });
const cluster = z.looseObject({ cluster_name: name, libraries: z.array(object).default([]), ...own });
const task = z.looseObject({
  task_key: name,
  depends_on: z.array(z.looseObject({ task_key: name })).optional(),
});
const job = z.looseObject({ name, tasks: z.array(task).optional(), ...own });
const folder = z.strictObject({ path: z.string().regex(/^\//, 'must begin with a slash'), ...own });

/** The files, the list that each of them holds, and what its entries are called by. */
export const FILES = {
  policy: { file: 'cluster-policies.json', list: 'policies', key: 'name', shape: policy },
  cluster: { file: 'clusters.json', list: 'clusters', key: 'cluster_name', shape: cluster },
  job: { file: 'jobs.json', list: 'jobs', key: 'name', shape: job },
  folder: { file: 'permissions.json', list: 'folders', key: 'path', shape: folder },
} as const;

/**
 * The entries of a file, as they are written.
 * @returns problems, one sentence each, when it is not of the right form.
 */
export function readEntries(kind: Kind, text: string): { entries: readonly unknown[]; problems: string[] } {
  const { file, list } = FILES[kind];
  try {
    const value = parse(text, null, { parseNumber: numberOrText });
    const parsed = z.strictObject({ [list]: z.array(z.unknown()) }).safeParse(value);
    if (parsed.success) return { entries: parsed.data[list] ?? [], problems: [] };
    return { entries: [], problems: parsed.error.issues.map((issue) => sentence(file, issue)) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { entries: [], problems: [`${file} is not JSON: ${error.message}.`] };
  }
}

/** Whole numbers that a JavaScript number cannot hold stay text: they are ids. */
function numberOrText(text: string): number | string {
  return Number.isSafeInteger(Number(text)) || !/^-?\d+$/.test(text) ? Number(text) : text;
}

/** One entry whose references are filled in, or sentences about what is wrong with it. */
export function readItem(kind: Kind, entry: unknown): Item | readonly string[] {
  const { file, list, key, shape } = FILES[kind];
  const parsed = shape.safeParse(entry);
  const where = `${file}: ${list} ${textAt(entry, key)}`.trim();
  if (!parsed.success) return parsed.error.issues.map((issue) => sentence(where, issue));
  const { access_control_list, ...body } = parsed.data;
  const plain: Item = { name: textAt(entry, key), body, libraries: [], access: access_control_list };
  const problems = [
    ...accessProblems(kind, plain.access).map((problem) => `${where} access_control_list${problem}`),
    ...(kind === 'job' ? taskProblems(plain.body).map((problem) => `${where}: ${problem}`) : []),
  ];
  if (problems.length > 0) return problems;
  if (kind === 'cluster') return withoutLibraries(plain);
  return kind === 'policy' ? withTextDefinition(plain) : plain;
}

/** Who an entry of an access list is about, for comparisons: addresses and ids come back in lower case. */
export function principalOf(entry: AccessEntry): string {
  const { user_name, group_name, service_principal_name } = entry;
  if (group_name !== undefined) return `group ${group_name}`;
  return user_name === undefined
    ? `service principal ${service_principal_name?.toLowerCase()}`
    : `user ${user_name.toLowerCase()}`;
}

function withoutLibraries({ body: { libraries, ...body }, ...item }: Item): Item {
  return { ...item, body, libraries: z.array(object).parse(libraries) };
}

/** The API takes a definition as text; people write and compare objects. */
function withTextDefinition(item: Item): Item {
  const { definition } = item.body;
  if (definition === undefined || typeof definition === 'string') return item;
  return { ...item, body: { ...item.body, definition: canonicalJson(definition) } };
}

/** What is wrong with an access list, which each of its readers could do something else with. */
function accessProblems(kind: Kind, entries: readonly AccessEntry[]): string[] {
  const levels = LEVELS[kind];
  const isWrong = (level: string) => !levels.includes(level) && namesIn(level).length === 0;
  const words = [levels.slice(0, -1).join(', '), ...levels.slice(-1)]
    .filter((part) => part !== '')
    .join(' or ');
  const owners = entries.filter(isOwner);
  return [
    ...entries.flatMap(({ permission_level: level }, index) =>
      isWrong(level)
        ? [` ${index} permission_level: ${level} is no level of a ${TITLES[kind]}: use ${words}.`]
        : [],
    ),
    ...(owners.length > 1
      ? [`: a job has one owner, and ${owners.length === 2 ? 'two' : owners.length} entries say IS_OWNER.`]
      : []),
    ...(owners.some(({ group_name }) => group_name !== undefined) ? [': a group cannot own a job.'] : []),
  ];
}

/** Whether an entry makes somebody the owner of a job. */
export function isOwner({ permission_level }: AccessEntry): boolean {
  return permission_level === 'IS_OWNER';
}

/** What the service would refuse in the middle of a deployment. */
function taskProblems({ tasks, job_clusters }: ApiObject): string[] {
  const all = z.array(task).default([]).parse(tasks);
  const keys = all.map(({ task_key }) => task_key);
  const clusters = z.array(z.looseObject({ job_cluster_key: z.string() })).safeParse(job_clusters ?? []);
  const clusterKeys = clusters.data?.map(({ job_cluster_key }) => job_cluster_key) ?? [];
  const doubled = [...new Set(keys.filter((key, index) => keys.indexOf(key) !== index))];
  return [
    ...doubled.map((key) => `two tasks have the key ${key}.`),
    ...all.flatMap(({ task_key, depends_on = [], job_cluster_key }) => [
      ...depends_on
        .filter((other) => !keys.includes(other.task_key))
        .map((other) => `task ${task_key} depends on ${other.task_key}, which the job does not have.`),
      ...(typeof job_cluster_key === 'string' && !clusterKeys.includes(job_cluster_key)
        ? [`task ${task_key} uses the job cluster ${job_cluster_key}, which the job does not have.`]
        : []),
    ]),
  ];
}

function sentence(where: string, issue: { readonly path: readonly PropertyKey[]; readonly message: string }) {
  return `${[where, ...issue.path.map(String)].join(' ')}: ${issue.message}.`;
}

function textAt(entry: unknown, key: string): string {
  const value = object.safeParse(entry).data?.[key];
  return typeof value === 'string' ? value : '';
}
