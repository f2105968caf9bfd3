import type { EnvironmentKey } from '../../sandbox/cloud.ts';
import { ENVIRONMENT_KEYS } from '../../sandbox/cloud.ts';
import { canonicalJson } from '../../shared/release/canonical-json.ts';
import { PROJECT, writesTo } from './twins.ts';
import type { ReleaseWorld } from './world.ts';

const FLAGS = ['segment-forecast', 'added'];
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** What tests leave behind is evidence, and no part of a release. */
const EVIDENCE = '/utilities/test_results/';

/**
 * Everything that stands in workspaces, resource groups and stores of flags: a sorted line each. Ids that a service makes
 * up are left out.
 */
export function deployedIn(
  { twins }: ReleaseWorld,
  keys: readonly EnvironmentKey[] = ENVIRONMENT_KEYS,
): string[] {
  const inEach = keys.flatMap((key) => {
    const items = twins.workspaces[key].inventory().filter(({ name }) => !name.includes(EVIDENCE));
    const flags = FLAGS.map((id) =>
      twins.appConfigurations[key].setting(`.appconfig.featureflag/${id}`, key),
    );
    return [
      ...items.map(({ kind, name, digest }) => `${key} ${kind} ${name} ${digest}`),
      ...flags.flatMap((flag) =>
        flag ? `${key} flag ${flag.key} ${flag.value} ${canonicalJson(flag.tags)}` : [],
      ),
    ];
  });
  const others = ENVIRONMENT_KEYS.filter((key) => !keys.includes(key)).map(resourceGroup);
  const resources = twins.arm.resources().filter(({ id }) => !others.some((group) => id.includes(group)));
  const shown = resources.map(({ id, body }) =>
    `arm resource ${id} ${JSON.stringify(body)}`.replace(UUID, 'ID'),
  );
  return [...inEach, ...shown].sort();
}

/** The part of a resource's id that names its resource group. */
export function resourceGroup(key: EnvironmentKey): string {
  return `/rg-${PROJECT}-${key}/`;
}

/**
 * Operations that succeeded in making something new, and runs that were started, with how often each was: a lost answer
 * must not make one of these a second time.
 */
export function madeIn({ twins: { workspaces, arm, azureDevOps } }: ReleaseWorld): string[] {
  const counts = new Map<string, number>();
  for (const [name, twin] of Object.entries({ ...workspaces, arm, tests: azureDevOps.service })) {
    for (const { operation, status } of writesTo(twin)) {
      const isMade =
        /\.create$|TestRuns.Create$|_CreateOrUpdate$/.test(operation) &&
        typeof status === 'number' &&
        status < 300;
      if (isMade) counts.set(`${name} ${operation}`, (counts.get(`${name} ${operation}`) ?? 0) + 1);
    }
  }
  const runs = Object.entries(workspaces).map(([name, twin]) => {
    const started = new Set(twin.loadedSources().map(({ run }) => run));
    return `${name} runs ${started.size}`;
  });
  return [...runs, ...[...counts].map(([name, count]) => `${name} ${count}`)].sort();
}

/** Lines that are there and were not (`+`), or were and are not (`-`), each as often as it is more or less. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const more = without(after, before).map((line) => `+ ${line}`);
  const less = without(before, after).map((line) => `- ${line}`);
  return [...more, ...less];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
