import * as z from 'zod';
import { messageOf, UnreadableInput, UnreadableRequest } from '../errors.ts';
import type { ProjectFile } from '../project/project-file.ts';
import { readProjectFile } from '../project/project-file.ts';
import type { Person } from '../release/model.ts';

const text = z.string().trim().min(1).max(500);

const by = z
  .union([text, z.strictObject({ id: text, name: text })])
  .transform((value): Person => (typeof value === 'string' ? { id: value, name: value } : value));

const approval = z.strictObject({
  planHash: z.string().regex(/^[0-9a-f]{64}$/),
  by,
  comment: z.string().max(500).default(''),
});
const reason = z.strictObject({ by, why: text });
const freeze = z
  .strictObject({ from: z.iso.datetime().optional(), to: z.iso.datetime(), by, why: text })
  .transform(({ from, to, ...rest }) => {
    return { ...rest, from: from === undefined ? null : Date.parse(from), to: Date.parse(to) };
  });

const deployment = z.strictObject({
  by,
  why: text,
  release: text.optional(),
  confirm: z.boolean().optional(),
  overridesFreeze: z.boolean().default(false),
});

/** What is asked for with a redeploy or a rollback. */
export type DeploymentRequest = z.infer<typeof deployment>;

export const readApproval = reader(approval);
export const readDeployment = reader(deployment);
export const readReason = reader(reason);
export const readFreeze = reader(freeze);

/**
 * The header `Idempotency-Key`, by which a request that is sent again is known.
 * @throws UnreadableRequest that says what is missing or wrong
 */
export function readKey(key: string | null): string {
  if (key !== null && /^[\x21-\x7e]{1,100}$/.test(key)) return key;
  throw new UnreadableRequest(
    `${key === null ? 'the header Idempotency-Key is missing' : 'the header Idempotency-Key is not usable'}: ` +
      'give 1 to 100 visible characters of your own, and the same ones when you send this request again',
  );
}

/** The body of a registration: a slipway.yaml. @throws UnreadableRequest with every problem */
export function readRegistration(yaml: string): ProjectFile {
  try {
    return readProjectFile(yaml);
  } catch (error) {
    throw error instanceof UnreadableInput ? new UnreadableRequest(messageOf(error)) : error;
  }
}

/** Makes a reader of JSON bodies. It throws UnreadableRequest that names every field that is missing or wrong. */
function reader<Output>(shape: z.ZodType<Output>): (body: string) => Output {
  return (body) => {
    const read = shape.safeParse(parse(body));
    if (read.success) return read.data;
    const problems = read.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${inWords(issue)}`);
    throw new UnreadableRequest(problems.join('; '));
  };
}

function inWords({ code, message }: z.core.$ZodIssue): string {
  return code === 'invalid_type' && message.endsWith('received undefined') ? 'is missing' : message;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnreadableRequest('the body is not JSON');
  }
}
