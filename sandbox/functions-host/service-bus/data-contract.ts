/**
 * Reads a message body that a .NET sender wrote as a string through its default serializer, as Azure DevOps service
 * hooks do: one element `string` in .NET binary XML ([MC-NBFX]) around the text.
 */
const header = Buffer.from(
  '\x40\x06string\x08\x33http://schemas.microsoft.com/2003/10/Serialization/',
  'latin1',
);
const endElement = 0x01;

/** Text records by type: how many bytes their length takes. The odd type of each pair also ends the element. */
const lengthBytes: Record<number, number> = { 152: 1, 154: 2, 156: 4 };

/** @returns the text, or undefined when the bytes are something else */
export function readDataContractString(body: Uint8Array): string | undefined {
  const bytes = Buffer.from(body);
  if (!bytes.subarray(0, header.length).equals(header)) return undefined;
  const parts: Buffer[] = [];
  let at = header.length;
  while (at < bytes.length) {
    const type = bytes[at] ?? 0;
    if (type === endElement) return Buffer.concat(parts).toString('utf8');
    const endsElement = type % 2 === 1;
    const size = lengthBytes[endsElement ? type - 1 : type];
    if (size === undefined || at + 1 + size > bytes.length) return undefined;
    const start = at + 1 + size;
    at = start + bytes.readUIntLE(at + 1, size);
    parts.push(bytes.subarray(start, at));
    // Long texts come in several records, cut anywhere: they are put together before they are decoded.
    if (endsElement) return Buffer.concat(parts).toString('utf8');
  }
  return undefined;
}
