import { Refusal } from '../errors.ts';
import { filesOf } from '../project/manifest.ts';
import { manifestOf } from './run-inputs.ts';
import type { StepContext } from './step.ts';

/**
 * A file of the artifact `databricks-config` as JSON; null when the release has none of this name.
 * @throws Refusal that says where it is no JSON.
 */
export async function configurationFile(context: StepContext, name: string): Promise<unknown> {
  const files = filesOf(await manifestOf(context), 'databricks-config');
  const file = files.find(({ path }) => path === name);
  if (file === undefined) return null;
  try {
    return JSON.parse(new TextDecoder().decode(await context.content.get(file.sha256)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refusal(`${name} is not JSON: ${error.message}.`);
  }
}

/** One thing that is wrong with a configuration file, and where it stands. */
export interface FileProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The place and what is wrong there, as a sentence. */
export function problemText({ path, message }: FileProblem): string {
  return `${path.map(String).join('.') || 'the file'}: ${message}.`;
}
