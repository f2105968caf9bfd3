import type { History } from '../play.ts';
import { CANARY } from '../world.ts';
import { rowsOf } from './rows.ts';

/** I2: one event row a transition, versions without gaps. */
export function auditLog(history: History): string[] {
  return history.runs.flatMap((run) => {
    const rows = rowsOf(history, run.project, run.id).map(({ version }) => version);
    const gapless = rows.every((version, index) => version === index + 1);
    if (gapless && rows.length === run.version) return [];
    return [`I2 run ${run.id} is at ${run.version}, its events at ${rows.join()}`];
  });
}

/** I7: nothing is left behind. */
export function orphans({ world, runs }: History): string[] {
  const found: string[] = [];
  for (const { environments, outbox } of world.store.partitions.values()) {
    for (const { value } of environments.values()) {
      const { name, lock, waiting } = value;
      if (lock !== null) found.push(`I7 ${name} is still locked by ${lock.run}`);
      for (const { run } of waiting) found.push(`I7 ${run} still stands in the queue of ${name}`);
    }
    for (const [subject, rows] of outbox) found.push(`I7 ${rows.length} outbox rows of ${subject} are left`);
  }
  for (const run of runs) {
    const claimed = run.stages.flatMap(({ steps }) => steps.filter(({ status }) => status === 'claimed'));
    for (const { name } of claimed) found.push(`I7 ${run.id}: ${name} is still claimed`);
  }
  for (const message of world.bus.waiting()) found.push(`I7 message ${message.id} is left`);
  return found;
}

/** I8: a secret that the outside let slip stands nowhere. */
export function secrets({ world, app }: History): string[] {
  const found: string[] = [];
  const look = (where: string, text: string) => {
    if (text.includes(CANARY)) found.push(`I8 a secret stands in ${where}`);
  };
  for (const { runs, environments, events, outbox } of world.store.partitions.values()) {
    for (const [id, { value }] of runs) look(`run ${id}`, JSON.stringify(value));
    for (const [name, { value }] of environments) look(`environment ${name}`, JSON.stringify(value));
    for (const [id, { event }] of events) look(`event ${id}`, JSON.stringify(event));
    for (const rows of outbox.values()) look('the outbox', JSON.stringify(rows));
  }
  for (const { message } of world.bus.sent) look(`message ${message.id}`, message.body);
  for (const { text, fields } of world.log) {
    look('the log', text);
    for (const field of Object.values(fields)) if (typeof field === 'string') look('the log', field);
  }
  look('a record', JSON.stringify(app.records));
  return found;
}
