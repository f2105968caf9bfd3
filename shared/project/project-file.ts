import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { messageOf, UnreadableInput } from '../errors.ts';
import { takenName } from './after-deployment.ts';
import { conditions, retries, wrongPlaces } from './conditions.ts';
import { suggestion } from './edit-distance.ts';
import { readWeekly } from './weekly-freeze.ts';

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{1,40}$/,
    'lower-case letters, digits and dashes, a letter first, at most 41 characters',
  );
/** Numbers of pipelines and the like: written as numbers, kept as text. */
const id = z.union([z.string().regex(/^\d+$/), z.int().positive().transform(String)]);
const guid = z.guid('a GUID such as 00000000-0000-0000-0000-000000000000');

const days = z
  .string()
  .regex(/^\d+(\.\d+)? (hours?|days?)$/, 'a time such as "12 hours" or "30 days"')
  .transform((text) => Number.parseFloat(text) * (text.includes('hour') ? 3_600_000 : 86_400_000));

const freezeWindow = z.strictObject({
  when: z
    .string()
    .refine(
      (text) => readWeekly(text) !== null,
      'a stretch of the week in UTC such as "fri 17:00 - mon 07:00"',
    ),
  why: z.string().min(1),
});

const environment = z.strictObject({
  /** In names of files, groups and catalogs: dev, stg, prod. */
  key: z.string().regex(/^[a-z][a-z0-9]{0,9}$/, 'at most ten lower-case letters and digits'),
  subscription: guid,
  /** Key vault of the secrets whose variable group is not linked to one. */
  keyVault: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$/, 'the name of a key vault')
    .optional(),
  /** Name of the Azure DevOps environment whose approvals count for this one. */
  azureDevOpsEnvironment: z.string().min(1).optional(),
  approvals: z.int().min(0).max(10).default(0),
  approvers: z.array(z.string().min(1)).default([]),
  requesterMayApprove: z.boolean().default(false),
  approvalExpires: days.default(30 * 86_400_000),
  policy: z.enum(['latest', 'sequential']).default('latest'),
  /** `in-place`: one folder, overwritten. `versioned`: a folder per content, to which the jobs are switched over. */
  strategy: z.enum(['in-place', 'versioned']).default('in-place'),
  /** With `versioned`: how many releases stay in the workspace, the live one included. */
  keepReleases: z.int().min(1).max(50).default(3),
  /** Whether every plan looks for notebooks that somebody removed or changed in the workspace. */
  verifyNotebooks: z.boolean().default(false),
  /** Whether notebooks and wheels may go to folders below `/Users` and `/Repos`. */
  allowPersonalFolders: z.boolean().default(false),
  freezeWindows: z.array(freezeWindow).default([]),
  rollback: z.enum(['none', 'on-failed-verification']).default('none'),
  /** What is tested after the deployment; left out: integration tests in `staging`, smoke tests in `production`. */
  tests: z.enum(['none', 'integration-tests', 'smoke-tests']).optional(),
  /** Whether flags move step by step; left out: in `production`. */
  rollout: z.boolean().optional(),
  /** Client id of the user-assigned identity that deploys here; the service's own when left out. */
  identity: guid.optional(),
  ...conditions,
});

function isDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

const projectFile = z.strictObject({
  project: name,
  azureDevOps: z.strictObject({
    organization: z.string().min(1),
    project: z.string().min(1),
    artifactsPipeline: id,
    releasePipeline: id.optional(),
  }),
  branches: z.array(z.string().min(1)).nonempty().default(['main']),
  retries: retries.optional(),
  /** In the order of the release. */
  environments: z
    .record(name, environment)
    .refine((all) => Object.keys(all).length > 0, 'at least one environment')
    .refine(
      (all) => isDistinct(Object.values(all).map(({ key }) => key)),
      'every environment needs a key of its own',
    )
    .superRefine((all, { addIssue }) => {
      for (const problem of wrongPlaces(all)) addIssue({ code: 'custom', ...problem });
      for (const each of Object.keys(all)) {
        const message = takenName(each);
        if (message !== null) addIssue({ code: 'custom', path: [each], message });
      }
    }),
});

/** The one reviewed file that registers a project (`slipway.yaml`). */
export type ProjectFile = z.infer<typeof projectFile>;
export type EnvironmentFile = z.infer<typeof environment>;

/** The shape of the file, for the JSON schema that editors use. */
export const PROJECT_FILE_SHAPE = projectFile;

/**
 * Reads `slipway.yaml`.
 * @throws UnreadableInput with every problem, its place and its line.
 */
export function readProjectFile(yaml: string): ProjectFile {
  const counter = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: counter, uniqueKeys: true });
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new UnreadableInput(`slipway.yaml: ${syntax.message}`);
  const read = projectFile.safeParse(plainValue(document));
  if (read.success) return read.data;
  const problems = read.error.issues.map((issue) => {
    const node = document.getIn(issue.path, true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    const line = Array.isArray(range) ? `line ${counter.linePos(Number(range[0])).line}, ` : '';
    return `${line}${issue.path.join('.') || 'the file'}: ${inWords(issue)}`;
  });
  throw new UnreadableInput(`slipway.yaml: ${problems.join('; ')}`);
}

function plainValue(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UnreadableInput(`slipway.yaml: ${messageOf(error)}`);
  }
}

/** A key that nobody knows is most often one that was misspelt. */
function inWords(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  return issue.keys.map((key) => `there is no key "${key}"${suggestion(key, KEYS)}`).join(', ');
}

/** Every key of the file, wherever it may stand. */
const KEYS = [
  ...Object.keys(projectFile.shape),
  ...Object.keys(projectFile.shape.azureDevOps.shape),
  ...Object.keys(environment.shape),
  ...Object.keys(freezeWindow.shape),
  ...Object.keys(retries.shape),
];

/** Reads what was registered before, from its stored form. @throws UnreadableInput */
export function readStoredProject(settings: unknown): ProjectFile {
  const yaml =
    typeof settings === 'object' && settings !== null && 'yaml' in settings ? settings.yaml : undefined;
  if (typeof yaml !== 'string') throw new UnreadableInput('the stored registration has no slipway.yaml');
  return readProjectFile(yaml);
}
