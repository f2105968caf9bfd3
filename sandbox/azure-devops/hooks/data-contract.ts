/** What .NET's DataContractSerializer writes in front of a string in binary XML: an element and its namespace. */
const HEADER = Buffer.concat([
  Buffer.from([0x40, 6]),
  Buffer.from('string'),
  Buffer.from([0x08, 51]),
  Buffer.from('http://schemas.microsoft.com/2003/10/Serialization/'),
]);

/** Text records that also close the element, by the size of their length: one, two or four bytes. */
const CHARS8 = 0x99;
const CHARS16 = 0x9b;
const CHARS32 = 0x9d;

/**
 * The body that the Service Bus consumer sends by default: the JSON text as a .NET binary XML string
 * (open specification MC-NBFX). The record type is at offset 61, the length after it is little-endian.
 */
export function asDataContractString(json: string): Uint8Array {
  const text = Buffer.from(json, 'utf8');
  return Buffer.concat([HEADER, recordHead(text.length), text]);
}

function recordHead(length: number): Buffer {
  if (length <= 0xff) return Buffer.from([CHARS8, length]);
  const head = Buffer.alloc(length <= 0xffff ? 3 : 5);
  if (length <= 0xffff) {
    head.writeUInt8(CHARS16);
    head.writeUInt16LE(length, 1);
  } else {
    head.writeUInt8(CHARS32);
    head.writeUInt32LE(length, 1);
  }
  return head;
}
