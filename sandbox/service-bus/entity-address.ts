/** What a link wants to talk to. */
export type EntityAddress =
  | { readonly kind: 'cbs' }
  | { readonly kind: 'queue' | 'management'; readonly name: string; readonly isDeadLetter: boolean };

const pattern = /^(?<name>.*?)(?<deadLetter>\/\$deadletterqueue)?(?<management>\/\$management)?$/i;

/** Reads a link address such as `orders/$DeadLetterQueue/$management`; a scheme and host in front are left out. */
export function parseAddress(address: string): EntityAddress {
  const path = address.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/^\//, '');
  if (path.toLowerCase() === '$cbs') return { kind: 'cbs' };
  const { name = '', deadLetter, management } = pattern.exec(path)?.groups ?? {};
  const kind = management === undefined ? 'queue' : 'management';
  return { kind, name, isDeadLetter: deadLetter !== undefined };
}
