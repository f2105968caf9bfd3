import type { EnvironmentKey } from '../../sandbox/cloud.ts';
import { suiteWork } from '../../sandbox/release/test-suites.ts';
import { canonicalJson } from '../../shared/release/canonical-json.ts';
import type { Run } from '../../shared/release/model.ts';
import type { Fault } from '../engine/simulator/faults.ts';
import { kindsAt } from '../engine/simulator/faults.ts';
import { faultsText } from '../engine/sweep/options.ts';
import { exampleBuild, withFiles } from './builds.ts';
import { writesTo } from './twins.ts';
import { changedBuild } from './two-builds.ts';
import type { BuildContent, ReleaseWorld } from './world.ts';
import { newReleaseWorld } from './world.ts';

export const ENVIRONMENT = 'production';
const KEY: EnvironmentKey = 'prod';
const FLAGS = ['segment-forecast', 'added'];

export type Strategy = 'in-place' | 'versioned';

/** An HTTP request of the rollback. */
export interface RollbackRequest {
  readonly number: number;
  /** Method, host and path. */
  readonly what: string;
}

/** Production before and after the release that changes everything, and after the rollback to the first. */
export interface RolledBack {
  readonly w: ReleaseWorld;
  readonly first: Run;
  readonly rollback: Run;
  readonly before: readonly string[];
  readonly between: readonly string[];
  readonly after: readonly string[];
  readonly requests: readonly RollbackRequest[];
}

function worldOf(strategy: Strategy, faults: readonly Fault[]): ReleaseWorld {
  const databricks = { work: suiteWork(new Set(['test_that_fails'])) };
  return newReleaseWorld({ only: ENVIRONMENT, strategies: { [KEY]: strategy }, databricks, faults });
}

/** Plays the two releases and the rollback that a person asks for. Faults are meant for the last. */
export async function rollBack(strategy: Strategy, faults: readonly Fault[] = []): Promise<RolledBack> {
  const w = worldOf(strategy, faults);
  const build = await exampleBuild();
  const first = await w.release(build);
  const before = deployedIn(w);
  const second = await w.release(await changedBuild(build));
  for (const { id, status, stages } of [first, second])
    if (status !== 'succeeded')
      throw new Error(`${id} ended ${status}: ${stages.map(({ note }) => note).join('; ')}`);
  const between = deployedIn(w);
  const earlier = w.http.length;
  const rollback = await w.rollback(first, ENVIRONMENT);
  return { w, first, rollback, before, between, after: deployedIn(w), requests: w.http.slice(earlier) };
}

/** The same, but the second release fails its smoke tests, and the policy rolls it back. */
export async function rollBackByPolicy(
  strategy: Strategy,
): Promise<Omit<RolledBack, 'between' | 'requests'>> {
  const w = worldOf(strategy, []);
  const build = await exampleBuild();
  const first = await w.release(build);
  const before = deployedIn(w);
  await w.release(failing(await changedBuild(build)));
  const rollback = w.history().runs.find(({ kind }) => kind === 'rollback');
  if (rollback === undefined) throw new Error('nothing was rolled back');
  return { w, first, rollback, before, after: deployedIn(w) };
}

function failing(build: BuildContent): BuildContent {
  const test = 'def test_that_fails():\n    assert False\n';
  return withFiles(build, 'databricks-tests', { 'smoketests/test_added.py': test });
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
/** What tests leave behind is evidence, and no part of a release. */
const EVIDENCE = '/utilities/test_results/';

/** Everything that stands in production's workspace, resource group and store of flags, a line each. */
export function deployedIn({ twins }: ReleaseWorld): string[] {
  const inventory = twins.workspaces[KEY].inventory().filter(({ name }) => !name.includes(EVIDENCE));
  const items = inventory.map(({ kind, name, digest }) => `${kind} ${name} ${digest}`);
  const resources = twins.arm
    .resources()
    .filter(({ id }) => id.includes(`/rg-parking-sensors-${KEY}/`))
    .map(({ id, body }) => `resource ${id} ${JSON.stringify(body)}`.replace(UUID, 'ID'));
  const flags = FLAGS.flatMap((id) => {
    const setting = twins.appConfigurations[KEY].setting(`.appconfig.featureflag/${id}`, KEY);
    return setting === undefined ? [] : [`flag ${id} ${setting.value} ${canonicalJson(setting.tags)}`];
  });
  return [...items, ...resources, ...flags].sort();
}

/** Lines that are there and were not (`+`), or were and are not (`-`). */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const more = after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  const less = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
  return [...more, ...less];
}

/** What is not as it was before, and no step of the rollback says so. */
export function unnamedResidual({
  before,
  after,
  rollback,
}: Omit<RolledBack, 'between' | 'requests'>): string[] {
  const named = namedBy(rollback);
  return differences(before, after).filter((line) => !named.some((name) => line.includes(name)));
}

/** What the steps have left or kept, as their outputs name it. */
function namedBy({ stages }: Run): string[] {
  const outputs = stages.flatMap(({ steps }) => steps.map(({ output }) => output));
  const lists = outputs.flatMap(({ left, kept }) => [left, kept].filter(Array.isArray));
  return lists.flat().map((text) => String(text).replace(/^\/Workspace/, ''));
}

/** Requests that would drop what a release never drops. */
export function drops({ twins }: ReleaseWorld): string[] {
  const kept = /^(Catalogs|Schemas|Volumes|Tables|StorageCredentials|ExternalLocations)\.delete/i;
  return Object.values(twins.workspaces).flatMap((twin) =>
    writesTo(twin).flatMap(({ operation }) => (kept.test(operation) ? [operation] : [])),
  );
}

/** Everything that does not hold after a rollback; empty when all is well. */
export function problemsOf(played: Omit<RolledBack, 'between' | 'requests'>): string[] {
  const { w, rollback, first } = played;
  const environment = w.world.store.partition(rollback.project).environments.get(ENVIRONMENT)?.value;
  const notes = rollback.stages.flatMap(({ note }) => (note === null ? [] : [note]));
  return [
    ...(rollback.status === 'succeeded'
      ? []
      : [`the rollback ended ${rollback.status}: ${notes.join('; ')}`]),
    ...(environment?.live?.release === first.release.name ? [] : ['another release is live']),
    ...(environment?.lock === null ? [] : ['the environment is still held']),
    ...unnamedResidual(played),
    ...drops(w).map((operation) => `${operation} dropped something`),
    ...Object.values(w.twins.byOrigin).flatMap((twin) =>
      twin.violations().map(({ operation, what }) => `the contract of ${twin.name} ${operation}: ${what}`),
    ),
  ];
}

/** Every kind of fault at every request of a rollback. */
export function faultsAt(requests: readonly RollbackRequest[]): Fault[] {
  return requests.flatMap(({ number }) => kindsAt('outside').map((kind) => ({ call: number, kind })));
}

/** Plays a rollback with faults. @returns a line for everything that does not hold then */
export async function tryRollBack(strategy: Strategy, faults: readonly Fault[]): Promise<string[]> {
  const problems = problemsOf(await rollBack(strategy, faults));
  return problems.map((problem) => `${strategy} ${faultsText(faults)} ${problem}`);
}
