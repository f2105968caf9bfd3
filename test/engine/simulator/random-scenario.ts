import type {
  EnvironmentDefinition,
  Pipeline,
  StageDefinition,
  StepDefinition,
} from '../../../shared/release/pipeline.ts';
import { NO_GATE } from '../../../shared/release/pipeline.ts';
import { DEFAULT_RETRY } from '../../../shared/release/retry.ts';
import { ONE_APPROVAL, pipeline, remoteStep, stage, step } from '../../release/pipelines.ts';
import type { Trouble } from './behaviour.ts';
import type { Random } from './random.ts';
import type { Deed, Scenario } from './scenario.ts';
import { APPROVER, OPERATOR, scenario } from './scenario.ts';
import { START_AT } from './world.ts';

const MINUTE_IN_MS = 60_000;
/** The world begins on a Monday at nine. */
const START_IN_WEEK_IN_MINUTES = 9 * 60;
const ENVIRONMENTS = ['dev', 'staging', 'production'];

/** A pipeline of two to four stages: deployments and tests, in a row or side by side, with gates and policies. */
export function randomPipeline(random: Random): Pipeline {
  const stages: StageDefinition[] = [];
  for (let left = random.between(2, 4); left > 0; left -= 1) stages.push(randomStage(random, stages));
  const made = pipeline(stages, random.pick(['latest', 'sequential']));
  return { ...made, environments: made.environments.map((environment) => withWindows(random, environment)) };
}

function withWindows(random: Random, environment: EnvironmentDefinition): EnvironmentDefinition {
  if (random.next() > 0.1) return environment;
  const from = START_IN_WEEK_IN_MINUTES + random.between(-5, 10);
  return { ...environment, freezeWindows: [{ from, to: from + random.between(5, 30), why: 'market day' }] };
}

function randomStage(random: Random, before: readonly StageDefinition[]): StageDefinition {
  const previous = before.at(-1);
  const tests = previous !== undefined && previous.environment !== null && random.next() < 0.3;
  const environment = tests ? previous.environment : random.pick(ENVIRONMENTS);
  const name = `${tests ? 'tests' : environment}-${before.length + 1}`;
  const besides = random.next() < 0.25 ? before.at(-2) : undefined;
  const after = [besides ?? previous].flatMap((each) => (each === undefined ? [] : [each.name]));
  if (after.length === 1 && before.length > 2 && random.next() < 0.2) after.unshift(before[0]?.name ?? '');
  const steps = tests ? remotes(random, []) : deployment(random, name);
  return stage(name, {
    environment,
    after: [...new Set(after)],
    steps,
    gate: random.next() < 0.35 ? ONE_APPROVAL : NO_GATE,
    rollsBack: random.next() < 0.5,
    skip: random.next() < 0.05,
    when: before.length > 1 && random.next() < 0.1 ? random.pick(['failed', 'always']) : 'succeeded',
    allowFailure: random.next() < 0.05,
  });
}

function deployment(random: Random, stageName: string): StepDefinition[] {
  const steps: StepDefinition[] = [];
  const retry = random.next() < 0.5 ? DEFAULT_RETRY : { ...DEFAULT_RETRY, attempts: 10 };
  for (let number = random.between(1, 4); number > 0; number -= 1) {
    const targets = Array.from(
      { length: random.between(1, 3) },
      (_, index) => `${stageName}-${number}-${index}`,
    );
    const after = steps.map(({ name }) => name).filter(() => random.next() < 0.4);
    const appliesUnchanged = random.next() < 0.3;
    steps.push(step(`step-${number}`, { after, retry, appliesUnchanged, input: { targets } }));
  }
  if (random.next() < 0.2) {
    const after = steps.slice(0, 1).map(({ name }) => name);
    steps.push(remoteStep('deployment', { phase: 'apply', retry, after }));
  }
  return random.next() < 0.6 ? remotes(random, steps) : steps;
}

function remotes(random: Random, steps: readonly StepDefinition[]): StepDefinition[] {
  const tests = Array.from({ length: random.between(1, 2) }, (_, index) =>
    remoteStep(`tests-${index}`, { allowFailure: random.next() < 0.1 }),
  );
  return [...steps, ...tests];
}

/** A scenario on a pipeline: several releases, people who decide, freezes, and steps with troubles of their own. */
export function randomScenario(random: Random, onto: Pipeline | null): Scenario {
  const table = onto ?? randomPipeline(random);
  const most = onto === null || table.stages.length < 5 ? [1, 1, 1, 2, 2, 3] : [1, 1, 1, 1, 2, 2];
  const runs = ['release-1', 'release-2', 'release-3'].slice(0, random.pick(most));
  const approves = random.next() > 0.03;
  return scenario({
    pipeline: table,
    runs,
    gapInMs: random.between(0, 150) * 1000,
    webhooks: random.pick([1, 1, 2]),
    behaviour: random.next() < 0.35 ? [randomTrouble(random, table)] : [],
    deeds: randomDeeds(random, table, runs),
    approves,
    rejects:
      approves && random.next() < 0.1 ? [`${random.pick(runs)}/${random.pick(table.stages).name}`] : [],
    retries: random.next() < 0.4 ? random.between(1, 2) : 0,
    timer: random.next() < 0.5,
  });
}

function randomTrouble(random: Random, { stages }: Pipeline): Trouble {
  const where = random.pick(stages);
  const what = random.pick(where.steps);
  const ways: Trouble['how'][] = what.plans
    ? ['throws', 'refuses', 'refuses-to-plan', 'poison']
    : ['throws', 'refuses', 'refuses', 'refuses'];
  return {
    stage: where.name,
    step: what.name,
    release: random.pick([null, 'build-1', 'build-2']),
    how: random.pick(ways),
    mendedAfterInMs: random.next() < 0.5 ? null : random.between(3, 30) * MINUTE_IN_MS,
  };
}

function randomDeeds(random: Random, { environments }: Pipeline, runs: readonly string[]): Deed[] {
  const deeds: Deed[] = [];
  const by = OPERATOR;
  if (random.next() < 0.15) {
    const afterInMs = random.between(0, 480) * 1000;
    deeds.push({
      afterInMs,
      run: random.pick(runs),
      event: { type: 'cancel-requested', by, why: 'not today' },
    });
  }
  if (random.next() < 0.2 && environments.length > 0) {
    const environment = random.pick(environments).name;
    const afterInMs = random.between(0, 400) * 1000;
    const from = START_AT + afterInMs + random.pick([0, 60_000, 240_000]);
    const to = from + random.between(4, 40) * MINUTE_IN_MS;
    const freeze = { type: 'freeze-set', id: 'freeze-1', from, to, why: 'a fair', by };
    deeds.push({ afterInMs, environment, event: freeze });
    const lifted = { type: 'freeze-lifted', id: 'freeze-1', why: 'it is over', by: APPROVER };
    if (random.next() < 0.5) deeds.push({ afterInMs: afterInMs + 180_000, environment, event: lifted });
  }
  return deeds;
}
