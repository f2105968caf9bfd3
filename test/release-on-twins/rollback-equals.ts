import type { EnvironmentKey } from '../../sandbox/cloud.ts';
import { suiteWork } from '../../sandbox/release/test-suites.ts';
import type { Run } from '../../shared/release/model.ts';
import type { Fault } from '../engine/simulator/faults.ts';
import { kindsAt } from '../engine/simulator/faults.ts';
import { faultsText } from '../engine/sweep/options.ts';
import { exampleBuild, withFiles } from './builds.ts';
import { deployedIn, differences, madeIn } from './deployed.ts';
import { writesTo } from './twins.ts';
import { changedBuild } from './two-builds.ts';
import type { BuildContent, ReleaseWorld } from './world.ts';
import { newReleaseWorld } from './world.ts';

export const ENVIRONMENT = 'production';
const KEY: EnvironmentKey = 'prod';

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
  readonly strategy: Strategy;
  readonly first: Run;
  readonly rollback: Run;
  readonly before: readonly string[];
  readonly between: readonly string[];
  readonly after: readonly string[];
  /** How often each operation has made something, in all. */
  readonly made: readonly string[];
  readonly requests: readonly RollbackRequest[];
}

function worldOf(strategy: Strategy, faults: readonly Fault[]): ReleaseWorld {
  const databricks = { work: suiteWork(new Set(['test_that_fails'])) };
  return newReleaseWorld({ only: ENVIRONMENT, strategies: { [KEY]: strategy }, databricks, faults });
}

type Outcome = Pick<RolledBack, 'w' | 'first' | 'rollback' | 'before' | 'after'>;

/** Plays the two releases and the rollback that a person asks for. Faults are meant for the last. */
export async function rollBack(strategy: Strategy, faults: readonly Fault[] = []): Promise<RolledBack> {
  const w = worldOf(strategy, faults);
  const build = await exampleBuild();
  const first = await w.release(build);
  const before = deployedIn(w, [KEY]);
  const second = await w.release(await changedBuild(build));
  for (const { id, status, stages } of [first, second])
    if (status !== 'succeeded')
      throw new Error(`${id} ended ${status}: ${stages.map(({ note }) => note).join('; ')}`);
  const between = deployedIn(w, [KEY]);
  const earlier = w.http.length;
  const rollback = await w.rollback(first, ENVIRONMENT);
  const stands = { before, between, after: deployedIn(w, [KEY]), made: madeIn(w) };
  return { w, strategy, first, rollback, ...stands, requests: w.http.slice(earlier) };
}

/** The same, but the second release fails its smoke tests, and the policy rolls it back. */
export async function rollBackByPolicy(strategy: Strategy): Promise<Outcome> {
  const w = worldOf(strategy, []);
  const build = await exampleBuild();
  const first = await w.release(build);
  const before = deployedIn(w, [KEY]);
  await w.release(failing(await changedBuild(build)));
  const rollback = w.history().runs.find(({ kind }) => kind === 'rollback');
  if (rollback === undefined) throw new Error('nothing was rolled back');
  return { w, first, rollback, before, after: deployedIn(w, [KEY]) };
}

function failing(build: BuildContent): BuildContent {
  const test = 'def test_that_fails():\n    assert False\n';
  return withFiles(build, 'databricks-tests', { 'smoketests/test_added.py': test });
}

/** What is not as it was before, and no step of the rollback says so. */
export function unnamedResidual({ before, after, rollback }: Outcome): string[] {
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
export function problemsOf(played: Outcome): string[] {
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

/**
 * Plays a rollback with faults.
 * @param base the same without faults
 * @returns a line for everything that does not hold then
 */
export async function tryRollBack(base: RolledBack, faults: readonly Fault[]): Promise<string[]> {
  const { strategy } = base;
  const played = await rollBack(strategy, faults);
  const problems = [
    ...problemsOf(played),
    ...differences(base.made, played.made).map((line) => `what was made differs: ${line}`),
  ];
  return problems.map((problem) => `${strategy} ${faultsText(faults)} ${problem}`);
}
