/**
 * What App Configuration gives with its answers so that a later request sees at least what was written by then,
 * whichever replica serves it. One for each id, the one with the highest sequence number.
 */
export class SyncTokens {
  private readonly byId = new Map<string, { readonly value: string; readonly sequence: number }>();

  /** Takes the header `Sync-Token` of an answer: `id=value;sn=number`, several of them separated by commas. */
  take(header: string | undefined): void {
    for (const each of (header ?? '').split(',')) {
      const [, id, value, number] = /^\s*([^=]+)=([^;]+);\s*sn=(\d+)/.exec(each) ?? [];
      if (id === undefined || value === undefined) continue;
      const sequence = Number(number);
      if (sequence >= (this.byId.get(id)?.sequence ?? -1)) this.byId.set(id, { value, sequence });
    }
  }

  /** The header of the next request; none before the first answer. */
  headers(): Readonly<Record<string, string>> {
    if (this.byId.size === 0) return {};
    const tokens = [...this.byId].map(([id, { value }]) => `${id}=${value}`);
    return { 'sync-token': tokens.join(',') };
  }
}
