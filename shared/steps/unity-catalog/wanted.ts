import { Refusal } from '../../errors.ts';
import { namesIn, substitute } from '../../project/substitute.ts';
import { configurationFile } from '../configuration-file.ts';
import { referenceValues } from '../reference-values.ts';
import type { StepContext } from '../step.ts';
import type { Securable } from './file.ts';
import { defaultFile, readSecurables } from './file.ts';

const FILE = 'unity-catalog.json';

/** A securable as the file wants it. */
export interface Wanted {
  /** `catalog NAME` and so on: what changes of it are called. */
  readonly target: string;
  readonly securable: Securable;
  /** The same with every `${outputs.…}` left as it is, so that its digest does not depend on what is known when. */
  readonly symbolic: Securable;
}

/**
 * What the file of the release wants, parents before children. Outputs of the infrastructure that are not known yet
 * stay references: on a first plan nothing of it may exist.
 * @throws Refusal when the file is wrong, or names something without a value.
 */
export async function readWanted(context: StepContext): Promise<readonly Wanted[]> {
  const file = await readFile(context);
  const values = await referenceValues(context);
  const names = namesIn(file);
  const missing = names.filter((name) => !values.has(name) && !isOutput(name));
  if (missing.length > 0) {
    const references = missing.map(reference).join(', ');
    throw new Refusal(
      `${FILE} uses ${references}, which has no value in environment ${context.environment}.`,
    );
  }
  const itself = names.filter(isOutput).map((name) => [name, reference(name)] as const);
  const securables = readSecurables(substitute(file, new Map([...itself, ...values])).value);
  const symbolic = readSecurables(substitute(file, new Map([...values, ...itself])).value);
  return securables.map((securable, index) => ({
    target: `${securable.kind} ${securable.fullName}`,
    securable,
    symbolic: symbolic[index] ?? securable,
  }));
}

/** Whether a value depends on an output of the infrastructure that is not known yet. */
export function isUnknown(value: unknown): boolean {
  return unknownOutputs(value).length > 0;
}

/** The outputs that a value waits for. */
export function unknownOutputs(value: unknown): string[] {
  return namesIn(value).filter(isOutput);
}

/** A name as files refer to it. */
export function reference(name: string): string {
  return `\${${name}}`;
}

function isOutput(name: string): boolean {
  return name.startsWith('outputs.');
}

async function readFile(context: StepContext): Promise<unknown> {
  const file = await configurationFile(context, FILE);
  return file ?? defaultFile(reference('unityCatalogName'), reference('slipway.environment'));
}
