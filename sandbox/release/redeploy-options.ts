import { parseArgs } from 'node:util';
import type { StartOptions } from './options.ts';
import { readApprove } from './options.ts';

/** What `npm run redeploy -- …` or `npm run rollback -- …` was asked for. */
export interface RedeployOptions {
  readonly kind: 'redeploy' | 'rollback';
  readonly environment: string;
  /** Null: the default of the kind. */
  readonly release: string | null;
  readonly by: string;
  readonly why: string;
  readonly approve: StartOptions['approve'];
  /** Of the HTTP API, with `/api`; null: the sandbox that is up. */
  readonly url: string | null;
  readonly json: boolean;
}

/** How the program is used. */
export function usageOf(kind: RedeployOptions['kind']): string {
  const release = kind === 'redeploy' ? 'the one that is live' : 'the newest earlier one that ended well';
  return `npm run ${kind} -- [options]
  --environment NAME  production by default
  --release NAME      ${release} by default
  --by NAME           who asks for it
  --why TEXT          why
  --approve WHO       ask (default in a terminal), auto, or none
  --url URL           http://127.0.0.1:PORT/api of a sandbox; the one that is up by default
  --json              a summary as the last line of standard output`;
}

/**
 * @param args the kind, and the options
 * @throws Error that says what is wrong and how it is used
 */
export function readRedeployOptions(
  [mode, ...args]: readonly string[],
  isTerminal: boolean,
): RedeployOptions {
  const kind = mode === 'rollback' ? 'rollback' : 'redeploy';
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        ...{ environment: text, release: text, by: text, why: text, approve: text, url: text },
        json: { type: 'boolean', default: false },
      },
    });
    return {
      kind,
      environment: values.environment ?? 'production',
      release: values.release ?? null,
      by: values.by ?? 'Olga Operator',
      why: values.why ?? `npm run ${kind}`,
      approve: readApprove(values.approve, isTerminal),
      url: values.url === undefined ? null : readUrl(values.url),
      json: values.json,
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usageOf(kind)}`);
  }
}

function readUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error(`--url ${text}: it is the address of the API, such as http://127.0.0.1:7071/api`);
  return `${text.replace(/\/+$/, '').replace(/\/api$/, '')}/api`;
}
