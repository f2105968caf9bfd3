import { parseArgs } from 'node:util';

/** What `npm start -- …` was asked for. */
export interface StartOptions {
  /** End with the release: exit code 0 when it succeeded, 1 when it did not. */
  readonly once: boolean;
  readonly json: boolean;
  /** `ask` asks in the terminal, `auto` approves as another person, `none` leaves it to the API. */
  readonly approve: 'ask' | 'auto' | 'none';
  readonly artifacts: string | null;
  readonly state: string | null;
  readonly faults: readonly FaultSpec[];
  /** Names of tests that fail, of the suites that run in the workspaces. */
  readonly failingTests: readonly string[];
  readonly port: number;
  readonly verbose: boolean;
}

/** A fault for one of the twins, as `TWIN:KIND:OPERATION[:TIMES]`. */
export interface FaultSpec {
  readonly twin: string;
  readonly kind: '429' | '500' | '503' | 'lost-answer' | 'latency';
  readonly operation: string;
  readonly times: number;
}

export const USAGE = `npm start -- [options]
  --once              end when the release has ended (exit code 1 if it failed or a contract was violated)
  --approve WHO       ask (default in a terminal), auto, or none
  --artifacts DIR     a folder with python-wheel/, infrastructure/, databricks-notebooks/, databricks-config/
  --state DIR         keep everything over restarts
  --faults SPEC       TWIN:KIND:OPERATION[:TIMES], several separated by commas; kinds: 429, 500, 503, lost-answer,
                      latency; twins: azure-devops, arm, databricks-dev, databricks-stg, databricks-prod,
                      key-vault-dev, …, monitor; OPERATION may hold * (e.g. databricks-dev:429:*:3)
  --fail-test NAMES   tests that fail, of the suites that run in the workspaces, separated by commas
  --json              a summary as the last line of standard output
  --port N            of the HTTP API; a free one by default
  --verbose           what every process writes`;

/** @throws Error that says what is wrong and how it is used */
export function readOptions(args: readonly string[], isTerminal: boolean): StartOptions {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: flag,
        json: flag,
        verbose: flag,
        approve: text,
        artifacts: text,
        state: text,
        faults: text,
        'fail-test': text,
        port: text,
      },
    });
    return {
      once: values.once,
      json: values.json,
      verbose: values.verbose,
      approve: readApprove(values.approve, isTerminal),
      artifacts: values.artifacts ?? null,
      state: values.state ?? null,
      faults: listed(values.faults).map(readFault),
      failingTests: listed(values['fail-test']),
      port: readPort(values.port),
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function listed(value: string | undefined): string[] {
  return (value ?? '').split(',').filter((item) => item !== '');
}

/** @throws Error when it is none of them */
export function readApprove(value: string | undefined, isTerminal: boolean): StartOptions['approve'] {
  if (value === undefined) return isTerminal ? 'ask' : 'none';
  if (value === 'ask' || value === 'auto' || value === 'none') return value;
  throw new Error(`--approve ${value}: it is ask, auto or none`);
}

function readPort(value: string | undefined): number {
  const port = Number(value ?? 0);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new Error(`--port ${value}: a number from 0 to 65535`);
}

const KINDS = ['429', '500', '503', 'lost-answer', 'latency'] as const;

function readFault(spec: string): FaultSpec {
  const [twin = '', kindText = '', operation = '*', times = '1'] = spec.split(':');
  const kind = KINDS.find((each) => each === kindText);
  if (kind === undefined || twin === '' || !/^\d+$/.test(times)) {
    throw new Error(`--faults ${spec}: it has the form TWIN:KIND:OPERATION[:TIMES]`);
  }
  return { twin, kind, operation, times: Number(times) };
}
