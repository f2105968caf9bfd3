import type { ShownRun, SlipwayApi } from './api.ts';
import type { Approvals } from './approvals.ts';
import type { PlanView } from './plan-view.ts';
import { ReleaseView, rolloutPause, seconds } from './view.ts';

/** Each look is a request to the functions host, which has the release to do on the same machine. */
const LOOK_EVERY_MS = 250;
/** Nobody sits before a terminal while a rollout waits for hours. */
const LONGEST_PAUSE_IN_MS = 30_000;

/** How a run is followed. */
export interface Following {
  readonly api: SlipwayApi;
  readonly project: string;
  readonly approvals: Approvals;
  readonly write: (line: string) => void;
  /** Shows what each stage would change before it is approved; without it only the counts are shown. */
  readonly plans?: PlanView;
}

/**
 * Shows a run as it goes on, approves what is to be approved, and gives the run at its end, or when nothing but a slow
 * rollout is left of it.
 */
export async function follow(
  { api, project, approvals, write, plans }: Following,
  id: string,
): Promise<ShownRun> {
  const view = new ReleaseView(write, Date.now());
  for (;;) {
    const run = await api.run(project, id);
    if (run !== null) {
      view.show(run, Date.now());
      await plans?.look(project, run);
      if (run.status !== 'running') return run;
      await approvals.look(project, run);
      const pause = rolloutPause(run, Date.now());
      if (pause !== null && pause > LONGEST_PAUSE_IN_MS) {
        write(`\nThe rollout of the flags goes on by itself: its next step is in ${seconds(pause)}.`);
        return run;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
