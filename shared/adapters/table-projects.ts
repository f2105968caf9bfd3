import type { Projects, RegisteredProject } from '../engine/ports.ts';
import type { Json } from '../release/canonical-json.ts';
import { encodeName, PROJECTS_PARTITION, under } from './table-keys.ts';
import type { StoredRow, Tables } from './table-rows.ts';
import { documentIn, documentOf, queryRows, readRow, tagOf } from './table-rows.ts';
import { tagAt, writeTogether } from './table-transaction.ts';

/** The registry of projects: a partition of its own in the table. */
export function tableProjects(tables: Tables): Projects {
  return {
    async registerProject(name, settings, tag) {
      const rowKey = projectKey(name);
      const document = await documentIn(tables, settings);
      const row = { partitionKey: PROJECTS_PARTITION, rowKey, name, ...document };
      const written = await writeTogether(tables, [
        tag === null ? { kind: 'insert', row } : { kind: 'replace', row, tag },
      ]);
      return written === 'conflict' ? 'conflict' : tagAt(written, 0);
    },
    async readProject(name) {
      const row = await readRow(tables, PROJECTS_PARTITION, projectKey(name));
      return row === null ? null : projectIn(tables, row);
    },
    async listProjects() {
      const rows = await queryRows(tables, { partitionKey: PROJECTS_PARTITION, range: under('project') });
      return Promise.all(rows.map((row) => projectIn(tables, row)));
    },
  };
}

function projectKey(name: string): string {
  return `${under('project').from}${encodeName(name)}`;
}

async function projectIn(tables: Tables, row: StoredRow): Promise<RegisteredProject> {
  // The settings were JSON when they were written; their shape is the business of who registered the project.
  const settings = (await documentOf(tables, row)) as Json;
  return { name: String(row.name), settings, tag: tagOf(row) };
}
