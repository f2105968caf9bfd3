/** What .NET's DataContractSerializer writes in front of a string in binary XML: an element and its namespace. */
const HEADER = Buffer.concat([
  Buffer.from([0x40, 6]),
  Buffer.from('string'),
  Buffer.from([0x08, 51]),
  Buffer.from('http://schemas.microsoft.com/2003/10/Serialization/'),
]);

/** Text records with a length of one or two bytes; the next higher value also closes the element. */
const CHARS8 = 0x98;
const CHARS16 = 0x9a;
const CLOSING = 1;

/** Longer texts come in several records of so many bytes; a character may be cut in two. */
const CHUNK_IN_BYTES = 512;

/**
 * The body that the Service Bus consumer sends by default: the JSON text as a .NET binary XML string
 * (open specification MC-NBFX). The first record type is at offset 61, the length after it is little-endian.
 */
export function asDataContractString(json: string): Uint8Array {
  const text = Buffer.from(json, 'utf8');
  const records = [];
  for (let at = 0; at === 0 || at < text.length; at += CHUNK_IN_BYTES) {
    const chunk = text.subarray(at, at + CHUNK_IN_BYTES);
    records.push(recordHead(chunk.length, at + CHUNK_IN_BYTES >= text.length), chunk);
  }
  return Buffer.concat([HEADER, ...records]);
}

function recordHead(length: number, isLast: boolean): Buffer {
  const closing = isLast ? CLOSING : 0;
  return length <= 0xff
    ? Buffer.from([CHARS8 + closing, length])
    : Buffer.from([CHARS16 + closing, length & 0xff, length >> 8]);
}
