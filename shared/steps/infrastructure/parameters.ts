import { Refusal } from '../../errors.ts';
import type { EnvironmentSnapshot } from '../../project/snapshot.ts';
import { namesIn, substitute } from '../../project/substitute.ts';

/** What the names in a parameter file stand for, and how it is called. */
export interface ParameterNames {
  readonly file: string;
  readonly project: string;
  readonly values: EnvironmentSnapshot;
}

type Given = Readonly<Record<string, unknown>>;

/**
 * Fills in `${name}` in all texts of a parameter file. What other steps give is not known yet, and what belongs to the
 * run is another text each time, so that no release would be unchanged.
 * @throws Refusal naming every name that has no value here.
 */
export function withValues(given: Given, { file, project, values }: ParameterNames): Given {
  const { key, variables, secrets } = values;
  const names = new Map([
    ...Object.entries(variables),
    ['slipway.project', project],
    ['slipway.environment', key],
  ]);
  const missing = namesIn(given).filter((name) => !names.has(name));
  const isOfOthers = (name: string) => /^(outputs|policies|clusters|slipway)\./.test(name);
  const isSecret = (name: string) => Object.hasOwn(secrets, name);
  const problems = [
    sentence(
      missing.filter(isOfOthers),
      'which no parameter can have: of what Slipway knows it takes the variables of the environment, ' +
        `${reference('slipway.project')} and ${reference('slipway.environment')}.`,
    ),
    sentence(missing.filter(isSecret), 'which is a secret: give the parameter a reference to the key vault.'),
    sentence(
      missing.filter((name) => !isOfOthers(name) && !isSecret(name)),
      `which has no value in environment ${key}.`,
    ),
  ].flatMap((end) => (end === null ? [] : [`${file} uses ${end}`]));
  if (problems.length > 0) throw new Refusal(problems.join(' '));
  return Object.fromEntries(
    Object.entries(given).map(([name, parameter]) => [name, substitute(parameter, names).value]),
  );
}

function sentence(names: readonly string[], end: string): string | null {
  return names.length === 0 ? null : `${names.map(reference).join(', ')}, ${end}`;
}

function reference(name: string): string {
  return `\${${name}}`;
}
