import { deflateRawSync } from 'node:zlib';

/** An entry of an archive made by hand, with whatever lies a test wants in it. */
export interface RawEntry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** Unix mode; a regular file by default. */
  readonly mode?: number;
  readonly flags?: number;
  readonly method?: number;
  /** What the directory says instead of the truth. */
  readonly declaredSize?: number;
  /** Take the data of the entry with this index instead of own ones. */
  readonly sharesDataOf?: number;
}

const UTF8_NAMES = 0x800;
const DEFLATED = 8;

/** Writes a zip archive, lies included. Checksums are 0: TLS and digests do their work. */
export function rawZip(entries: readonly RawEntry[]): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const entry of entries) {
    const parts = partsOf(entry);
    offsets.push(entry.sharesDataOf === undefined ? offset : (offsets[entry.sharesDataOf] ?? 0));
    directory.push(centralHeader(entry, parts, offsets.at(-1) ?? 0));
    if (entry.sharesDataOf !== undefined) continue;
    const local = Buffer.concat([localHeader(entry, parts), parts.name, parts.packed]);
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([...locals, central, endRecord(entries.length, central.length, offset)]);
}

interface Parts {
  readonly name: Buffer;
  readonly packed: Buffer;
  readonly size: number;
}

function partsOf({ name, content = 'x', declaredSize, method = DEFLATED }: RawEntry): Parts {
  const bytes = Buffer.from(content);
  const packed = method === DEFLATED ? deflateRawSync(bytes) : bytes;
  return { name: Buffer.from(name), packed, size: declaredSize ?? bytes.length };
}

function fieldsOf({ flags = UTF8_NAMES, method = DEFLATED }: RawEntry, parts: Parts): Buffer {
  const buffer = Buffer.alloc(26);
  buffer.writeUInt16LE(20, 0);
  buffer.writeUInt16LE(flags, 2);
  buffer.writeUInt16LE(method, 4);
  buffer.writeUInt32LE(0x58210000, 6);
  buffer.writeUInt32LE(parts.packed.length, 14);
  buffer.writeUInt32LE(parts.size, 18);
  buffer.writeUInt16LE(parts.name.length, 22);
  return buffer;
}

function localHeader(entry: RawEntry, parts: Parts): Buffer {
  return Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), fieldsOf(entry, parts)]);
}

function centralHeader(entry: RawEntry, parts: Parts, offset: number): Buffer {
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  const madeOnUnix = Buffer.from([20, 3]);
  const head = Buffer.from('PK\u0001\u0002', 'latin1');
  return Buffer.concat([head, madeOnUnix, fieldsOf(entry, parts), tail, parts.name]);
}

function endRecord(entries: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
