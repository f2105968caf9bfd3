import { CANCEL_WATCH_IN_MS } from '../../../shared/engine/watch-for-cancel.ts';
import { sha256 } from '../../../shared/release/canonical-json.ts';
import type { Run } from '../../../shared/release/model.ts';
import type { StageDefinition } from '../../../shared/release/pipeline.ts';
import type { OutsideEffect } from './outside.ts';
import type { History, Scenario } from './scenario.ts';
import { PROJECT, REQUESTER } from './scenario.ts';
import { CANARY, START_AT } from './world.ts';

/** What a history is measured against. */
export interface Expectation {
  readonly scenario: Scenario;
  readonly faults: number;
  /** The same scenario without faults. */
  readonly faultFree: { readonly calls: number; readonly lastsInMs: number };
  /** Poison messages that must end among the dead letters. */
  readonly deadLetters: number;
  /** Whether the release must end `succeeded`: faults alone never fail it. */
  readonly succeeds: boolean;
}

/** How long one fault may hold a run up: a delayed message, a lost lease, a time-out and a back-off together. */
const RECOVERY_IN_MS = 6 * 60_000;

/**
 * The invariants I1 to I10, read from stored rows and from what the outside noted, never from the engine's words.
 * @returns one line a violation, beginning with the invariant's number.
 */
export function violations(history: History, expected: Expectation): string[] {
  return [
    ...ends(history, expected),
    ...auditLog(history),
    ...outsideState(history),
    ...order(history),
    ...remoteRuns(history),
    ...approvals(history),
    ...deadLetters(history, expected),
    ...orphans(history),
    ...secrets(history),
    ...completionRecords(history),
    ...budget(history, expected),
  ];
}

function ends(
  { runs, ended, world }: History,
  { succeeds, scenario, faults, faultFree }: Expectation,
): string[] {
  const found = runs.filter((run) => run.status === 'running').map((run) => `I1 run ${run.id} never ends`);
  if (!ended) found.push('I1 the history never comes to rest');
  for (const run of runs) {
    if (succeeds && run.status !== 'succeeded') found.push(`I1 run ${run.id} ended ${run.status}`);
    const bound =
      START_AT + scenario.runs.length * scenario.gapInMs + faultFree.lastsInMs + faults * RECOVERY_IN_MS;
    if (
      run.endedAt !== null &&
      succeeds &&
      run.endedAt > Math.max(bound, world.lastFaultAt + RECOVERY_IN_MS)
    ) {
      found.push(`I1 run ${run.id} took ${(run.endedAt - START_AT) / 1000} s`);
    }
  }
  return found;
}

function auditLog({ runs, world }: History): string[] {
  const { events } = world.store.partition(PROJECT);
  return runs.flatMap((run) => {
    const rows = [...events.values()]
      .filter(({ subject }) => subject === run.id)
      .map(({ version }) => version);
    const gapless = rows.every((version, index) => version === index + 1);
    return gapless && rows.length === run.version
      ? []
      : [`I2 run ${run.id} is at ${run.version}, its events at ${rows.join()}`];
  });
}

/** Every environment holds what its live release consists of. */
function outsideState({ world, outside, runs }: History): string[] {
  const found: string[] = [];
  for (const { text } of world.store.partition(PROJECT).environments.values()) {
    const { name, live } = JSON.parse(text);
    const run = runs.find(({ id }) => id === live?.run);
    for (const target of run === undefined ? [] : targetsIn(run, name)) {
      const wanted = sha256(`${live.release} ${target}`);
      if (outside.targets.get(`${name}/${target}`) !== wanted)
        found.push(`I3 ${name}/${target} is not that of ${live.release}`);
    }
  }
  return found;
}

function targetsIn(run: Run, environment: string): string[] {
  const stages = run.pipeline.stages.filter((stage) => stage.environment === environment);
  return stages.flatMap((stage) =>
    stage.steps.flatMap(({ input }) => (Array.isArray(input.targets) ? input.targets : [])),
  );
}

/** No effect of a step after a step that comes after it has begun. */
function order({ runs, outside }: History): string[] {
  return runs.flatMap((run) =>
    run.pipeline.stages.flatMap((stage) => {
      const ours = outside.effects.filter((effect) => effect.run === run.id && effect.stage === stage.name);
      return stage.steps.flatMap((later) => {
        const begins = ours.find((effect) => effect.step === later.name)?.at;
        const late = ours.filter(
          ({ at, step }) => begins !== undefined && at > begins && comesBefore(stage, step, later.name),
        );
        return late.map(
          ({ step }) => `I3 ${run.id}/${stage.name}: ${step} did something after ${later.name} had begun`,
        );
      });
    }),
  );
}

function comesBefore(stage: StageDefinition, name: string, later: string): boolean {
  const step = stage.steps.find((each) => each.name === later);
  const first = stage.steps.find((each) => each.name === name);
  if (step === undefined || first === undefined || name === later) return false;
  if (first.phase === 'apply' && step.phase === 'verify') return true;
  return step.after.some((before) => before === name || comesBefore(stage, name, before));
}

function remoteRuns({ outside }: History): string[] {
  const tokens = [...outside.remoteRuns.values()].map(({ token }) => token);
  return tokens
    .filter((token, index) => tokens.indexOf(token) !== index)
    .map((token) => `I4 ${token} was started twice`);
}

function approvals({ runs, outside, world }: History): string[] {
  return runs.flatMap((run) => {
    const ours = outside.effects.filter((effect) => effect.run === run.id);
    const gated = run.pipeline.stages.filter(({ gate }) => gate.approvals > 0);
    const early = gated.flatMap((stage) =>
      ours.filter((effect) => effect.stage === stage.name && !isApproved(history(world), effect)),
    );
    return [
      ...early.map(({ stage, target }) => `I5 ${run.id}/${stage}: ${target} before its approval`),
      ...afterCancel(run, ours).map(
        ({ stage, target }) => `I5 ${run.id}/${stage}: ${target} after the cancel`,
      ),
    ];
  });
}

function history(world: History['world']): { readonly subject: string; readonly text: string }[] {
  return [...world.store.partition(PROJECT).events.values()];
}

function isApproved(
  rows: readonly { readonly subject: string; readonly text: string }[],
  effect: OutsideEffect,
): boolean {
  return rows.some(({ subject, text }) => {
    if (subject !== effect.run) return false;
    const event = JSON.parse(text);
    if (event.type !== 'approval-granted' || event.stage !== effect.stage || event.by.id === REQUESTER.id)
      return false;
    return event.at <= effect.at;
  });
}

function afterCancel({ cancelled }: Run, effects: readonly OutsideEffect[]): OutsideEffect[] {
  if (cancelled === null) return [];
  const lastAllowed = cancelled.at + CANCEL_WATCH_IN_MS + 1_000;
  return effects.filter(({ at, action }) => action !== 'cancel' && at > lastAllowed);
}

function deadLetters({ world }: History, expected: Expectation): string[] {
  const found = world.bus.deadLetters.length;
  return found === expected.deadLetters ? [] : [`I6 ${found} dead letters, ${expected.deadLetters} expected`];
}

function orphans({ world, runs }: History): string[] {
  const found: string[] = [];
  const { environments, outbox } = world.store.partition(PROJECT);
  for (const { text } of environments.values()) {
    const { name, lock, waiting } = JSON.parse(text);
    if (lock !== null) found.push(`I7 ${name} is still locked by ${lock.run}`);
    for (const { run } of waiting) found.push(`I7 ${run} still stands in the queue of ${name}`);
  }
  if (outbox.size > 0) found.push(`I7 ${outbox.size} outbox rows are left`);
  for (const run of runs) {
    const claimed = run.stages.flatMap(({ steps }) => steps.filter(({ status }) => status === 'claimed'));
    for (const { name } of claimed) found.push(`I7 ${run.id}: ${name} is still claimed`);
  }
  for (const message of world.bus.waiting()) found.push(`I7 message ${message.id} is left`);
  return found;
}

function secrets({ world, app }: History): string[] {
  const { runs, environments, events, outbox } = world.store.partition(PROJECT);
  const rows = [...runs.values(), ...environments.values(), ...events.values()].map(({ text }) => text);
  const bodies = world.bus.sent.map(({ message }) => message.body);
  const texts = [...rows, ...outbox.values(), ...bodies, ...world.log, ...app.records];
  return texts
    .filter((text) => text.includes(CANARY))
    .map((text) => `I8 a secret stands in ${text.slice(0, 80)}`);
}

function completionRecords({ runs, app }: History): string[] {
  const wanted = new Set<string>();
  for (const run of runs) {
    for (const stage of run.stages) {
      if (stage.startedAt === null) continue;
      for (let round = 0; round <= stage.round; round += 1)
        wanted.add(`${PROJECT}/${run.id}/${stage.name}/${round}`);
    }
  }
  const seen = new Set(app.records.filter((id) => !/\/\d+$/.test(id) || id.split('/').length === 4));
  const missing = [...wanted].filter((id) => !seen.has(id)).map((id) => `I9 no record ${id}`);
  return [...missing, ...[...seen].filter((id) => !wanted.has(id)).map((id) => `I9 needless record ${id}`)];
}

function budget({ world }: History, { faults, faultFree }: Expectation): string[] {
  const most = Math.ceil(1.2 * faultFree.calls) + 3 * faults;
  const calls = world.calls.length;
  return calls <= most ? [] : [`I10 ${calls} calls, at most ${most} (${faultFree.calls} without faults)`];
}
