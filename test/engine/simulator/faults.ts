/** What can go wrong at one call to the outside. */
export const FAULT_KINDS = [
  'crash-before',
  'crash-after',
  'conflict',
  'throttled',
  'server-error',
  'timeout-before',
  'timeout-after',
  'slow',
  'duplicate',
  'delay',
  'reorder',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault at the call with this number, counted from 1 over the whole run. */
export interface Fault {
  readonly call: number;
  readonly kind: FaultKind;
}

/** The calls of a port that a run makes. */
export type CallName =
  | 'store.load'
  | 'store.commit'
  | 'store.clear'
  | 'bus.send'
  | 'bus.complete'
  | 'content.put'
  | 'content.get'
  | 'outside';

/** Which kinds mean anything at a call: only a commit can lose a race, only a message can come twice or late. */
export function kindsAt(name: CallName): readonly FaultKind[] {
  if (name === 'store.commit') return AT_COMMITS;
  return name === 'bus.send' ? AT_SENDS : ALWAYS;
}

const ALWAYS: readonly FaultKind[] = [
  'crash-before',
  'crash-after',
  'throttled',
  'server-error',
  'timeout-before',
  'timeout-after',
  'slow',
];
const AT_COMMITS: readonly FaultKind[] = [...ALWAYS, 'conflict'];
const AT_SENDS: readonly FaultKind[] = [...ALWAYS, 'duplicate', 'delay', 'reorder'];
