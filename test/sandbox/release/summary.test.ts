import { describe, expect, test } from '@jest/globals';
import type { ShownRun, ShownStage } from '../../../sandbox/release/api.ts';
import { exitCodeOf } from '../../../sandbox/release/summary.ts';

function runThatIs(status: string, stages: readonly ShownStage[] = []): ShownRun {
  return { id: 'release-1', status, createdAt: 0, endedAt: null, stages, blockedBy: [] };
}

const ROLLOUT: ShownStage = {
  ...{ name: 'rollout', status: 'applying', startedAt: 0, endedAt: null, note: null, plan: null },
  steps: [
    {
      ...{ name: 'feature-rollout', status: 'waiting', mode: 'apply', attempt: 1, error: null },
      ...{ dueAt: 3_600_000, plan: null, output: {} },
    },
  ],
};

describe('the exit code of a release in the sandbox', () => {
  test.each([
    ['succeeded', [], 0],
    ['failed', [], 1],
    ['running', [], 1],
    ['succeeded', ['arm: a field that is not in the contract'], 1],
    ['failed', ['arm: a field that is not in the contract'], 1],
  ] as const)('of a run that has %s with contract violations %j is %i', (status, violations, code) => {
    expect(exitCodeOf(runThatIs(status), violations)).toBe(code);
  });

  test('is 0 when nothing but a slow rollout of flags is left to do', () => {
    expect(exitCodeOf(runThatIs('running', [ROLLOUT]), [])).toBe(0);
  });
});
