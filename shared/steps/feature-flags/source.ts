import type { AppConfigurationClient } from '../../engine/app-configuration-client.ts';
import { Refusal } from '../../errors.ts';
import { namesIn, substitute } from '../../project/substitute.ts';
import { configurationFile } from '../configuration-file.ts';
import { referenceValues } from '../reference-values.ts';
import { environmentKeysOf, valuesOf } from '../run-inputs.ts';
import type { StepContext } from '../step.ts';
import type { DeclaredFlag } from './file.ts';
import { FLAGS_FILE, readFlagsFile } from './file.ts';

/** The flags of a release for one environment, and the store that they belong into. */
export interface FlagSource {
  /** Null while the infrastructure that makes the store has not been deployed. */
  readonly client: AppConfigurationClient | null;
  readonly flags: readonly DeclaredFlag[];
}

/**
 * Reads the release's flags; null for a release without the file.
 * @throws Refusal when the file is wrong, or names something without a value.
 */
export async function readFlagSource(context: StepContext): Promise<FlagSource | null> {
  const file = await configurationFile(context, FLAGS_FILE);
  if (file === null) return null;
  const values = await referenceValues(context);
  const missing = namesIn(file).filter((name) => !values.has(name));
  const unknown = missing.filter((name) => !name.startsWith('outputs.'));
  if (unknown.length > 0)
    throw new Refusal(
      `${FLAGS_FILE} uses ${unknown.map((name) => `\${${name}}`).join(', ')}, which has no value in environment ` +
        `${context.environment}.`,
    );
  const { key } = await valuesOf(context);
  const environment = { key, keys: await environmentKeysOf(context) };
  const { endpoint, flags } = readFlagsFile(substitute(file, values).value, environment);
  const isKnown = namesIn(endpoint).length === 0;
  return { client: isKnown ? context.clients.appConfiguration(endpoint) : null, flags };
}
