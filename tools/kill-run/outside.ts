import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecordMessage } from '../../shared/engine/messages.ts';
import { readRecordMessage } from '../../shared/engine/messages.ts';
import type { OutsideEffect } from '../../test/engine/simulator/outside.ts';

const REMOTE_RUN_TAKES_IN_MS = 300;

/** A call of a port that the app announced, counted from 1 in its project. */
export interface Call {
  readonly number: number;
  readonly name: string;
  readonly invocation: string;
  readonly at: number;
}

/** Where the host is to die. */
export interface Site {
  readonly project: string;
  readonly call: number;
  readonly when: 'before' | 'after';
}

interface RemoteRun {
  readonly id: string;
  readonly project: string;
  readonly token: string;
  readonly startedAt: number;
}

/** What the app did and announced, by its own account of it; it lives in the tool's process and so survives the app. */
export interface OutsideLog {
  readonly calls: Map<string, Call[]>;
  readonly effects: OutsideEffect[];
  readonly targets: Map<string, string>;
  readonly remoteRuns: Map<string, RemoteRun>;
  readonly records: RecordMessage[];
  site: Site | null;
  killedAt: number | null;
}

type Body = Readonly<Record<string, unknown>>;

/** Starts the outside on a free port of loopback. */
export async function startOutside(): Promise<{ log: OutsideLog; url: string; stop(): Promise<void> }> {
  const log: OutsideLog = {
    ...{ calls: new Map(), effects: [], targets: new Map(), remoteRuns: new Map(), records: [] },
    ...{ site: null, killedAt: null },
  };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      const answer = answerTo(log, request.url ?? '', JSON.parse(text));
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? null));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { log, url: `http://127.0.0.1:${port}`, stop };
}

function answerTo(log: OutsideLog, path: string, body: Body): unknown {
  switch (path) {
    case '/calls':
      return takeCall(log, body);
    case '/read':
      return log.targets.get(String(body.target)) ?? null;
    case '/effects':
      return body.action === 'put' ? put(log, body) : start(log, body);
    case '/state':
      return stateOf(log, String(body.remoteRun));
    case '/records':
      return log.records.push(readRecordMessage(body));
    default:
      return undefined;
  }
}

function takeCall(log: OutsideLog, body: Body): Site['when'] | null {
  const project = String(body.project);
  const calls = log.calls.get(project) ?? [];
  log.calls.set(project, calls);
  const at = Date.now();
  const number = calls.length + 1;
  calls.push({ number, name: String(body.call), invocation: String(body.invocation), at });
  if (log.site?.project !== project || log.site.call !== number) return null;
  log.killedAt = at;
  return log.site.when;
}

function put(log: OutsideLog, body: Body): string {
  const target = String(body.target);
  note(log, body, { action: 'put', target, content: String(body.content) });
  log.targets.set(target, String(body.content));
  return target;
}

/** The same token gives the same run, however often it is started. */
function start(log: OutsideLog, body: Body): string {
  const project = String(body.project);
  const token = String(body.token);
  const known = [...log.remoteRuns.values()].find((run) => run.project === project && run.token === token);
  if (known !== undefined) return known.id;
  const id = `remote-${log.remoteRuns.size + 1}`;
  note(log, body, { action: 'start', target: id, content: null });
  log.remoteRuns.set(id, { id, project, token, startedAt: Date.now() });
  return id;
}

function stateOf(log: OutsideLog, id: string): string | undefined {
  const run = log.remoteRuns.get(id);
  if (run === undefined) return undefined;
  return Date.now() - run.startedAt < REMOTE_RUN_TAKES_IN_MS ? 'running' : 'passed';
}

function note(log: OutsideLog, body: Body, what: Pick<OutsideEffect, 'action' | 'target' | 'content'>): void {
  const { project, run, stage, step, environment, invocation } = body;
  const now = Date.now();
  log.effects.push({
    at: now,
    askedAt: now,
    project: String(project),
    run: String(run),
    stage: String(stage),
    step: String(step),
    environment: String(environment),
    invocation: String(invocation),
    ...what,
  });
}
