import type { ReleaseRecord, Releases } from '../engine/ports.ts';
import { encodeName, under } from './table-keys.ts';
import type { Tables } from './table-rows.ts';
import { documentIn, ownDocumentOf, queryRows, readRow } from './table-rows.ts';
import { writeTogether } from './table-transaction.ts';

/** Releases in the partition of their project. */
export function tableReleases(tables: Tables): Releases {
  return {
    async add(project, release) {
      const row = {
        partitionKey: encodeName(project),
        rowKey: releaseKey(release.name),
        ...(await documentIn(tables, release)),
      };
      // A conflict says that the release is there already; its content is the same, since a build never changes.
      await writeTogether(tables, [{ kind: 'insert', row }]);
    },
    async find(project, name) {
      const row = await readRow(tables, encodeName(project), releaseKey(name));
      return row === null ? null : ownDocumentOf<ReleaseRecord>(tables, row);
    },
    async list(project, most) {
      const rows = await queryRows(tables, { partitionKey: encodeName(project), range: under('release') });
      const releases = await Promise.all(rows.map((row) => ownDocumentOf<ReleaseRecord>(tables, row)));
      return releases.sort((left, right) => right.order - left.order).slice(0, most);
    },
  };
}

function releaseKey(name: string): string {
  return `${under('release').from}${encodeName(name)}`;
}
