import { readStepMessage } from '../../../../shared/engine/messages.ts';
import type { Run } from '../../../../shared/release/model.ts';
import type { History } from '../play.ts';
import type { Scenario } from '../scenario.ts';
import type { Expectation } from './violations.ts';

/** I6: only poison ends among the dead letters, and where it fails a run it does end there. */
export function deadLetters({ world, runs }: History, { scenario }: Expectation): string[] {
  const poison = scenario.behaviour.filter(({ how }) => how === 'poison');
  const letters = world.bus.deadLetters.map(({ queue, message }) => {
    if (queue !== 'steps') return message.id;
    const { run, stage, step } = readStepMessage(message.body);
    return poison.some((each) => each.stage === stage && each.step === step)
      ? null
      : `${run}/${stage}/${step}`;
  });
  const needless = letters.flatMap((name) =>
    name === null ? [] : [`I6 a good message is dead-lettered: ${name}`],
  );
  const failed = runs.some((run) => run.status === 'failed' && hits(poison, run));
  return failed && letters.length === 0 ? ['I6 the poison message is not among the dead letters'] : needless;
}

function hits(poison: Scenario['behaviour'], run: Run): boolean {
  return run.stages.some(({ failure, name }) =>
    poison.some(({ stage, step }) => stage === name && step === failure?.step),
  );
}

/** I9: one completion record for each stage and round that began, once its reader has dropped repetitions. */
export function completionRecords({ runs, app }: History): string[] {
  const byId = new Map(app.records.map((record) => [record.id, record]));
  const counts = new Map<string, number>();
  for (const { name, properties } of byId.values()) {
    if (name !== 'deployment_stage_completed') continue;
    const key = `${properties.project}/${properties.run}/${properties.stage} round ${properties.round}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const found = [...counts]
    .filter(([, count]) => count > 1)
    .map(([key, count]) => `I9 ${count} records of ${key}`);
  for (const run of runs) {
    for (const { name, round, startedAt } of run.stages) {
      const last = startedAt === null ? round - 1 : round;
      for (let each = 0; each <= last; each += 1) {
        const key = `${run.project}/${run.id}/${name} round ${each}`;
        if (!counts.delete(key)) found.push(`I9 no record of ${key}`);
      }
    }
  }
  return [...found, ...[...counts.keys()].map((key) => `I9 a needless record of ${key}`)];
}

/**
 * I10: a fault costs a bounded number of calls. Where more happens than one release, it may change what happens.
 */
export function budget(
  { world }: History,
  { scenario, faults, faultFree, callsAFault }: Expectation,
): string[] {
  const { behaviour, deeds, runs, retries, rejects } = scenario;
  const plain = behaviour.length + deeds.length + runs.length + retries + rejects.length === 1;
  const most = plain ? 1.2 * faultFree.calls + callsAFault * faults : 4 * faultFree.calls + 50 * faults + 200;
  const calls = world.calls.length;
  if (calls <= Math.ceil(most)) return [];
  return [`I10 ${calls} calls, at most ${Math.ceil(most)} (${faultFree.calls} without faults)`];
}
