import type { EnvironmentKey } from '../../sandbox/cloud.ts';
import { ENVIRONMENT_KEYS } from '../../sandbox/cloud.ts';
import { ends, inTime } from '../engine/simulator/invariants/ends.ts';
import { budget, completionRecords, deadLetters } from '../engine/simulator/invariants/messages.ts';
import { rowsOf } from '../engine/simulator/invariants/rows.ts';
import { auditLog, orphans, secrets } from '../engine/simulator/invariants/stored.ts';
import type { Expectation } from '../engine/simulator/invariants/violations.ts';
import type { History } from '../engine/simulator/play.ts';
import { scenario } from '../engine/simulator/scenario.ts';
import { measureOf } from '../engine/sweep/sweep.ts';
import { TOKEN, writesTo } from './twins.ts';
import type { ReleaseWorld } from './world.ts';

/** What the history without faults came to. */
export interface FaultFree {
  readonly measure: ReturnType<typeof measureOf>;
  /** Everything that is deployed. */
  readonly deployed: string;
  /** How often each operation made something. */
  readonly made: string;
}

export function faultFreeOf(w: ReleaseWorld): FaultFree {
  return { measure: measureOf(w.history(), 3), deployed: deployedIn(w), made: madeIn(w) };
}

/**
 * What must hold of one release however single requests fail, read from stored rows and from what the twins saw.
 * @returns one line a violation.
 */
export function violationsOf(w: ReleaseWorld, faults: number, faultFree: FaultFree): string[] {
  const history = w.history();
  return [
    ...ofEngine(history, faults, faultFree),
    ...differences('what is deployed', deployedIn(w), faultFree.deployed),
    ...differences('what was made', madeIn(w), faultFree.made),
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

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What tests leave behind is evidence, and no part of a release. */
const EVIDENCE = '/utilities/test_results/';

/** The inventories of the workspaces, the resources, and the flags. Ids that a service makes up are not compared. */
export function deployedIn({ twins: { workspaces, arm, appConfigurations } }: ReleaseWorld): string {
  const lines = ENVIRONMENT_KEYS.flatMap((key) => {
    const items = workspaces[key].inventory().filter(({ name }) => !name.includes(EVIDENCE));
    const flag = appConfigurations[key].setting('.appconfig.featureflag/segment-forecast', key);
    return [
      ...items.map(({ kind, name, digest }) => `${key} ${kind} ${name} ${digest}`),
      `${key} flag ${flag?.value ?? 'none'}`,
    ];
  });
  const resources = arm
    .resources()
    .map(({ id, body }) => `${id} ${JSON.stringify(body)}`.replace(UUID, 'ID'));
  return [...lines, ...resources.sort()].join('\n');
}

/** Operations that succeeded in making something new: a lost answer must not make one of these a second time. */
export function madeIn({ twins: { workspaces, arm, azureDevOps } }: ReleaseWorld): string {
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
  return [...runs, ...[...counts].map(([name, count]) => `${name} ${count}`)].sort().join('\n');
}

function differences(what: string, found: string, wanted: string): string[] {
  if (found === wanted) return [];
  const [have, want] = [found, wanted].map((text) => new Set(text.split('\n')));
  const more = [...(have ?? [])].filter((line) => !want?.has(line));
  const less = [...(want ?? [])].filter((line) => !have?.has(line));
  const shown = [...more.map((line) => `+ ${line}`), ...less.map((line) => `- ${line}`)].slice(0, 4);
  return [`I3 ${what} differs: ${shown.join('; ').slice(0, 600)}`];
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

/** I5: a workspace behind a gate is not written to before the gate's approval. */
function earlyWrites({ twins }: ReleaseWorld, history: History): string[] {
  return history.runs.flatMap((run) =>
    GATED.flatMap(([key, stage]) => {
      const rows = rowsOf(history, run.project, run.id);
      const approved = rows.find(({ event }) => event.type === 'approval-granted' && event.stage === stage);
      const from = approved?.committedAt ?? Number.POSITIVE_INFINITY;
      const early = writesTo(twins.workspaces[key]).filter(({ startedAt }) => startedAt < from);
      return early.map(({ operation }) => `I5 ${operation} in ${stage} before its approval`);
    }),
  );
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
