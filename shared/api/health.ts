import type { Log } from '../engine/ports.ts';
import { messageOf } from '../errors.ts';
import type { Answer } from './answer.ts';

/** What is looked at. */
export interface HealthParts {
  readonly log: Pick<Log, 'error'>;
  /** What is wrong with the settings, by name and without values: whoever asks for health has no key. */
  readonly wrongSettings: readonly string[];
  /** Reads something of the state. */
  readonly readState: () => Promise<unknown>;
}

/** Whether the settings are right and the state can be read: what a load balancer or a person asks first. */
export async function getHealth({ log, wrongSettings, readState }: HealthParts): Promise<Answer> {
  if (wrongSettings.length > 0) log.error(`settings: ${wrongSettings.join('; ')}`, {});
  const storage = await readState().then(
    () => 'ok',
    (error: unknown) => {
      log.error(`the storage does not answer: ${messageOf(error)}`, {});
      return 'does not answer';
    },
  );
  const isHealthy = storage === 'ok' && wrongSettings.length === 0;
  const checks = { settings: wrongSettings.length === 0 ? 'ok' : wrongSettings, storage };
  return {
    status: isHealthy ? 200 : 503,
    jsonBody: { status: isHealthy ? 'healthy' : 'unhealthy', checks },
  };
}
