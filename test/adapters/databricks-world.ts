import type { HttpClient } from '@azure/core-rest-pipeline';
import type { DatabricksOptions } from '../../sandbox/databricks/context.ts';
import { createDatabricksTwin } from '../../sandbox/databricks/twin.ts';
import type { TwinSettings } from '../../sandbox/twin/model.ts';
import { createDatabricksClient } from '../../shared/adapters/databricks.ts';
import { HostLimits } from '../../shared/adapters/host-limit.ts';
import { twinHttpClient } from '../steps/twin-http-client.ts';
import { newClock, underVirtualTime } from '../steps/virtual-time.ts';

const WORKSPACE = 'https://adb-7405600000000001.1.azuredatabricks.net';

/** A client of a workspace twin under virtual time, with the bodies that it sent as text. */
export function openClient(settings: TwinSettings & DatabricksOptions = {}) {
  const clock = newClock();
  const twinClock = { now: () => clock.now(), sleep: (timeInMs: number) => clock.sleep(timeInMs) };
  const twin = createDatabricksTwin({ clock: twinClock, limits: [], ...settings });
  const sent: string[] = [];
  const sender = twinHttpClient({ [WORKSPACE]: twin });
  const httpClient: HttpClient = {
    sendRequest: (request) => {
      if (typeof request.body === 'string') sent.push(request.body);
      return sender.sendRequest(request);
    },
  };
  const limits = new HostLimits(clock);
  const client = createDatabricksClient({
    workspaceUrl: WORKSPACE,
    credential: null,
    clock,
    limits,
    httpClient,
  });
  const soon = <Result>(work: Promise<Result>) => underVirtualTime(clock, work);
  return { twin, client, clock, sent, soon, pass: (timeInMs: number) => soon(clock.sleep(timeInMs)) };
}
