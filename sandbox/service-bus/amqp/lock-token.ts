// The order in which .NET lays the bytes of a GUID down, relative to its text. It is its own inverse.
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** The delivery tag that carries a lock token (UUID text). */
export function tagOf(lockToken: string): Buffer {
  const bytes = uuidBytes(lockToken);
  return Buffer.from(guidOrder.map((index) => bytes[index] ?? 0));
}

/** The lock token in a delivery tag. */
export function lockTokenOf(tag: Buffer): string {
  return uuidText(Buffer.from(guidOrder.map((index) => tag[index] ?? 0)));
}

export function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return parts.join('-');
}
