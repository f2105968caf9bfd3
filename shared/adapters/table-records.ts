import type { EventRow, Records, RunSummary } from '../engine/ports.ts';
import type { EnvironmentEvent, RunEvent } from '../release/events.ts';
import type { Environment, Run } from '../release/model.ts';
import { encodeName, under } from './table-keys.ts';
import type { StoredRow, Tables } from './table-rows.ts';
import { ownDocumentOf, queryRows } from './table-rows.ts';
import { environmentIn } from './table-state.ts';

/** A run as its row in the list holds it. */
export function summaryOf(run: Run): RunSummary {
  const { id, kind, status, release, createdAt, endedAt } = run;
  const stages = run.stages.map(({ name, status }) => ({ name, status }));
  return { id, kind, status, release: release.name, createdAt, endedAt, stages };
}

/** What people and the safety net read of a project's partition. */
export function tableRecords(tables: Tables): Records {
  const query = (project: string, prefix: string, options: { select?: string[]; most?: number } = {}) => {
    return queryRows(tables, { partitionKey: encodeName(project), range: under(prefix), ...options });
  };
  return {
    async listRuns(project, most) {
      const rows = await query(project, 'list', { most });
      return Promise.all(rows.map((row) => ownDocumentOf<RunSummary>(tables, row)));
    },
    async activeRuns(project) {
      return namesIn(await query(project, 'active', { select: ['subject'] }));
    },
    async events(project, subject) {
      const rows = await query(project, `event|${encodeName(subject)}`);
      return Promise.all(rows.map((row) => eventIn(tables, row, subject)));
    },
    async environments(project) {
      const rows = await query(project, 'environment');
      const stored = await Promise.all(rows.map((row) => environmentIn(tables, row)));
      return stored.map(({ environment }): Environment => environment);
    },
    async unsent(project) {
      return [...new Set(namesIn(await query(project, 'effect', { select: ['subject'] })))];
    },
  };
}

async function eventIn(tables: Tables, row: StoredRow, subject: string): Promise<EventRow> {
  const event = await ownDocumentOf<RunEvent | EnvironmentEvent>(tables, row);
  return { subject, version: Number(row.version), event };
}

function namesIn(rows: readonly StoredRow[]): string[] {
  return rows.map(({ subject }) => String(subject));
}
