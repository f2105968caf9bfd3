import type { Deliveries, Delivery } from '../engine/ports.ts';
import { callStorage } from './storage-errors.ts';
import { deliveryKey, encodeName, under } from './table-keys.ts';
import { checkRow } from './table-limits.ts';
import type { Tables } from './table-rows.ts';
import { documentIn, ownDocumentOf, queryRows } from './table-rows.ts';

/** Webhooks that came for a project, in the project's partition. */
export function tableDeliveries(tables: Tables): Deliveries {
  return {
    async recordDelivery(project, delivery) {
      const document = await documentIn(tables, delivery);
      const rowKey = deliveryKey(delivery.at, delivery.id);
      const row = { partitionKey: encodeName(project), rowKey, ...document };
      checkRow(row);
      await callStorage('record a webhook', (abortSignal) =>
        tables.client.upsertEntity(row, 'Replace', { abortSignal }),
      );
    },
    async listDeliveries(project, most) {
      const query = { partitionKey: encodeName(project), range: under('delivery'), most };
      const rows = await queryRows(tables, query);
      return Promise.all(rows.map((row) => ownDocumentOf<Delivery>(tables, row)));
    },
  };
}
