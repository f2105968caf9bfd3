import type { EnvironmentFreed, RunRequested, StageSuperseded } from './events.ts';
import type { Instant, StepMode } from './model.ts';

/** A message to the steps queue; not before `notBefore`. Valid while the step's claim number is `after`. */
export interface RunStep {
  readonly type: 'run-step';
  readonly run: string;
  readonly stage: string;
  readonly step: string;
  readonly mode: StepMode;
  readonly after: number;
  readonly notBefore: Instant | null;
}

/** Ask the run again at `at`: a lease, an approval or a freeze may end then. */
export interface WakeRun {
  readonly type: 'wake-run';
  readonly run: string;
  readonly at: Instant;
}

/** Tell another run of the project something. Its time is stamped when it is sent. */
export interface TellRun {
  readonly type: 'tell-run';
  readonly run: string;
  readonly event: EnvironmentFreed | StageSuperseded;
}

export interface StartRun {
  readonly type: 'start-run';
  readonly event: RunRequested;
}

/** An item for Application Insights. The id makes a second delivery known as such. */
export interface TrackRecord {
  readonly type: 'track-record';
  readonly id: string;
  readonly name: string;
  readonly at: Instant;
  readonly properties: Readonly<Record<string, string>>;
  readonly measurements: Readonly<Record<string, number>>;
}

/** What `decide` wants done. Each becomes one message, sent at least once. */
export type Effect = RunStep | WakeRun | TellRun | StartRun | TrackRecord;
