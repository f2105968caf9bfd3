import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/release/canonical-json.ts';
import type { Pipeline } from '../../shared/release/pipeline.ts';
import {
  ONE_APPROVAL,
  pipeline,
  remoteStep,
  stage,
  step,
  threeEnvironments,
  twoEnvironments,
} from './pipelines.ts';
import { Walk } from './walk.ts';
import type { Law } from './walk-laws.ts';
import { LAWS, RARE_LAWS } from './walk-laws.ts';

const MOST_EVENTS = 800;
const WALKS = 1_400;
const RARE_WALKS = 80;
/** Only the length of a walk shrinks: its numbers mean nothing that could be smaller. */
const CHOICES = fc.array(fc.noShrink(fc.nat(0xffffffff)), {
  minLength: 1,
  maxLength: MOST_EVENTS,
  size: 'max',
});

/** Pipelines in which everything occurs: gates, stages side by side, conditions, steps that may fail, both policies. */
const PIPELINES: readonly Pipeline[] = [
  twoEnvironments(),
  threeEnvironments(),
  pipeline([stage('staging', { gate: ONE_APPROVAL }), stage('production', { after: ['staging'] })], 'latest'),
  pipeline(
    [
      stage('staging', {
        steps: [step('a'), step('b', { after: ['a'], allowFailure: true }), remoteStep('c')],
      }),
      stage('audit', { environment: 'staging', steps: [remoteStep('look')], rollsBack: true }),
      stage('tests', {
        environment: 'staging',
        after: ['staging'],
        steps: [remoteStep('api')],
        rollsBack: true,
      }),
      stage('mend', { environment: null, after: ['tests'], when: 'failed' }),
      stage('tell', { environment: null, after: ['tests'], when: 'always', allowFailure: true }),
      stage('never', { after: ['staging'], skip: true }),
    ],
    'latest',
  ),
];

/** Walks at random through events that make sense and events that make none; every decision is held to the laws. */
function holds(laws: readonly Law[], walks: number): number {
  let decisions = 0;
  fc.assert(
    fc.property(fc.constantFrom(...PIPELINES), CHOICES, (table, numbers) => {
      const walk = new Walk(table);
      for (const number of numbers) {
        const taken = walk.take(number);
        decisions += 1;
        for (const law of laws) {
          const problem = law.broken(taken, walk);
          if (problem !== null) throw new Error(`${law.name}: ${problem}\n${walk.story()}`);
        }
      }
    }),
    { numRuns: walks, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
  );
  return decisions;
}

describe('over random sequences of events', () => {
  test('every decision keeps the laws', () => {
    expect(holds(LAWS, WALKS)).toBeGreaterThanOrEqual(500_000);
  }, 180_000);

  test('the costly laws hold too', () => {
    expect(holds(RARE_LAWS, RARE_WALKS)).toBeGreaterThanOrEqual(20_000);
  }, 180_000);

  test('the walk comes to every end of a run and of a stage', () => {
    const seen = new Set<string>();
    const random = fc.sample(CHOICES, { numRuns: 200, seed: 7 });
    for (const [index, numbers] of random.entries()) {
      const walk = new Walk(PIPELINES[index % PIPELINES.length] ?? twoEnvironments());
      for (const number of numbers) walk.take(number);
      for (const run of walk.runs.values()) {
        seen.add(`run ${run.kind === 'rollback' ? 'rolled back' : run.status}`);
        for (const { status } of run.stages) seen.add(`stage ${status}`);
      }
    }
    for (const end of ['succeeded', 'failed', 'rejected', 'timed-out', 'superseded', 'cancelled']) {
      expect(seen).toContain(`run ${end}`);
      expect(seen).toContain(`stage ${end}`);
    }
    expect(seen).toContain('run rolled back');
    expect(seen).toContain('stage skipped');
  });
});

test('canonical JSON of equal values is equal, whatever the order of their keys', () => {
  const reordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reordered);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, item]) => [key, reordered(item)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(reordered(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
