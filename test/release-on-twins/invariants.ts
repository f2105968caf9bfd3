import type { EnvironmentKey } from '../../sandbox/cloud.ts';
import type { LoggedRequest } from '../../sandbox/twin/request-log.ts';
import { ends, inTime } from '../engine/simulator/invariants/ends.ts';
import { budget, completionRecords, deadLetters } from '../engine/simulator/invariants/messages.ts';
import { rowsOf } from '../engine/simulator/invariants/rows.ts';
import { auditLog, orphans, secrets } from '../engine/simulator/invariants/stored.ts';
import type { Expectation } from '../engine/simulator/invariants/violations.ts';
import type { History } from '../engine/simulator/play.ts';
import { scenario } from '../engine/simulator/scenario.ts';
import { measureOf } from '../engine/sweep/sweep.ts';
import { deployedIn, differences, madeIn, resourceGroup } from './deployed.ts';
import type { Twins } from './twins.ts';
import { TOKEN, writesTo } from './twins.ts';
import type { ReleaseWorld } from './world.ts';

/** What the history without faults came to. */
export interface FaultFree {
  readonly measure: ReturnType<typeof measureOf>;
  /** Everything that is deployed. */
  readonly deployed: readonly string[];
  /** How often each operation made something. */
  readonly made: readonly string[];
}

export function faultFreeOf(w: ReleaseWorld): FaultFree {
  return { measure: measureOf(w.history(), 3), deployed: timeless(deployedIn(w)), made: madeIn(w) };
}

/**
 * What must hold of one release however single requests fail, read from stored rows and from what the twins saw.
 * @returns one line a violation.
 */
export function violationsOf(w: ReleaseWorld, faults: number, faultFree: FaultFree): string[] {
  const history = w.history();
  return [
    ...ofEngine(history, faults, faultFree),
    ...differing('what is deployed', timeless(deployedIn(w)), faultFree.deployed),
    ...differing('what was made', madeIn(w), faultFree.made),
    ...contractBreaches(w),
    ...earlyWrites(w, history),
    ...values(w, history),
  ];
}

/** The invariants of the engine that say anything about a release whose steps are real. */
function ofEngine(history: History, faults: number, { measure }: FaultFree): string[] {
  const [run] = history.runs;
  if (run === undefined) return ['I1 there is no run'];
  const expected: Expectation = {
    scenario: scenario({ pipeline: run.pipeline }),
    faults,
    faultFree: measure,
    callsAFault: measure.callsAFault,
  };
  return [
    ...ends(history, expected),
    ...inTime(history, expected),
    ...auditLog(history),
    ...deadLetters(history, expected),
    ...orphans(history),
    ...secrets(history),
    ...completionRecords(history),
    ...budget(history, expected),
  ];
}

/** A fault costs time: a flag may have come to its step of the rollout later. */
function timeless(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/"slipway-(since|begun)":"[^"]*"/g, '"slipway-$1":"TIME"'));
}

function differing(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const shown = differences(wanted, found).slice(0, 4);
  return shown.length === 0 ? [] : [`I3 ${what} differs: ${shown.join('; ').slice(0, 600)}`];
}

function contractBreaches({ twins }: ReleaseWorld): string[] {
  return Object.values(twins.byOrigin).flatMap((twin) =>
    twin.violations().map(({ operation, what }) => `the contract of ${twin.name} ${operation}: ${what}`),
  );
}

const GATED: readonly (readonly [EnvironmentKey, string])[] = [
  ['stg', 'staging'],
  ['prod', 'production'],
];

/** I5: nothing behind a gate is written to before the gate's approval: workspace, resource group, store of flags. */
function earlyWrites({ twins }: ReleaseWorld, history: History): string[] {
  return history.runs.flatMap((run) =>
    GATED.flatMap(([key, stage]) => {
      const rows = rowsOf(history, run.project, run.id);
      const approved = rows.find(({ event }) => event.type === 'approval-granted' && event.stage === stage);
      const from = approved?.committedAt ?? Number.POSITIVE_INFINITY;
      const early = writesIn(twins, key).filter(({ startedAt }) => startedAt < from);
      return early.map(({ operation }) => `I5 ${operation} in ${stage} before its approval`);
    }),
  );
}

function writesIn({ workspaces, appConfigurations, arm }: Twins, key: EnvironmentKey): LoggedRequest[] {
  const inGroup = writesTo(arm).filter(({ path }) => `${path}/`.toLowerCase().includes(resourceGroup(key)));
  return [...writesTo(workspaces[key]), ...writesTo(appConfigurations[key]), ...inGroup];
}

/** I8: no token and no value of a secret stands in anything that is stored, sent or logged. */
function values({ world }: ReleaseWorld, { app }: History): string[] {
  const texts: [string, string][] = [
    ['the log', JSON.stringify(world.log)],
    ['a message', world.bus.sent.map(({ message }) => message.body).join('\n')],
    ['a record', JSON.stringify(app.records)],
    [
      'content',
      [...world.contents.values()].map((bytes) => Buffer.from(bytes).toString('latin1')).join('\n'),
    ],
  ];
  for (const { runs, environments, events } of world.store.partitions.values()) {
    const rows = [...runs.values(), ...environments.values(), ...events.values()];
    texts.push(['a row', JSON.stringify(rows)]);
  }
  const secret = new RegExp(`${TOKEN}|sandbox-(datalakeKey|servicePrincipalId|tenantId)-`);
  return texts.flatMap(([where, text]) => (secret.test(text) ? [`I8 a secret stands in ${where}`] : []));
}
