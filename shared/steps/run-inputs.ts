import { UnreadableInput } from '../errors.ts';
import type { Manifest } from '../project/manifest.ts';
import { readManifest } from '../project/manifest.ts';
import type { EnvironmentSnapshot } from '../project/snapshot.ts';
import { readSnapshot } from '../project/snapshot.ts';
import type { StepContext } from './step.ts';

/** The stage in which a build is taken in, before any environment has its turn. */
export const INTAKE_STAGE = 'intake';

/** The run's release, as the step `artifacts` took it in. */
export function manifestOf({ outputs, content }: StepContext): Promise<Manifest> {
  return readManifest(content, digestIn(outputs, 'artifacts', 'manifest'));
}

/** The values of the step's environment, as the step `configuration` resolved them. */
export async function valuesOf({ outputs, content, environment }: StepContext): Promise<EnvironmentSnapshot> {
  const snapshot = await readSnapshot(content, digestIn(outputs, 'configuration', 'snapshot'));
  const values = snapshot.environments[environment ?? ''];
  if (values === undefined) throw new UnreadableInput(`the run has no values for environment ${environment}`);
  return values;
}

/** Keys of all environments of the project, sorted. */
export async function environmentKeysOf({ outputs, content }: StepContext): Promise<readonly string[]> {
  const { environments } = await readSnapshot(content, digestIn(outputs, 'configuration', 'snapshot'));
  return Object.values(environments)
    .map(({ key }) => key)
    .sort();
}

function digestIn(outputs: StepContext['outputs'], step: string, name: string): string {
  const digest = outputs[`${INTAKE_STAGE}/${step}`]?.[name];
  if (typeof digest === 'string') return digest;
  throw new UnreadableInput(`the run has no ${name}: its ${INTAKE_STAGE} stage has not succeeded`);
}
