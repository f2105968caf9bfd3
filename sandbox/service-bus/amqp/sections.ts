/** A section of an encoded message: which one, where its value begins behind the descriptor, where it ends. */
interface Section {
  readonly code: number;
  readonly valueStart: number;
  readonly end: number;
}

/**
 * An encoded message cut at the borders of its sections. The first four are values without their descriptor,
 * undefined where the section is missing; the others are the bytes as they stand.
 */
export interface Sections {
  readonly header: Buffer | undefined;
  readonly messageAnnotations: Buffer | undefined;
  readonly properties: Buffer | undefined;
  readonly applicationProperties: Buffer | undefined;
  /** From the properties to the end: what is never changed on the way. */
  readonly bare: Buffer;
  /** The section of the properties, with its descriptor; empty where it is missing. */
  readonly propertiesSection: Buffer;
  readonly afterProperties: Buffer;
  /** Body and footer. */
  readonly body: Buffer;
}

const headerCode = 0x70;
const messageAnnotationsCode = 0x72;
const propertiesCode = 0x73;
const applicationPropertiesCode = 0x74;

/** @throws RangeError or TypeError when the bytes are no AMQP message */
export function splitSections(message: Buffer): Sections {
  const found = new Map<number, Section>();
  let bareStart = message.length;
  let bodyStart = message.length;
  for (let offset = 0; offset < message.length && bodyStart === message.length; ) {
    const section = sectionAt(message, offset);
    if (section.code >= propertiesCode) bareStart = Math.min(bareStart, offset);
    if (section.code > applicationPropertiesCode) bodyStart = offset;
    found.set(section.code, section);
    offset = section.end;
  }
  const value = (code: number): Buffer | undefined => {
    const section = found.get(code);
    return section && message.subarray(section.valueStart, section.end);
  };
  const propertiesEnd = found.get(propertiesCode)?.end ?? bareStart;
  return {
    header: value(headerCode),
    messageAnnotations: value(messageAnnotationsCode),
    properties: value(propertiesCode),
    applicationProperties: value(applicationPropertiesCode),
    bare: message.subarray(bareStart),
    propertiesSection: message.subarray(bareStart, propertiesEnd),
    afterProperties: message.subarray(propertiesEnd),
    body: message.subarray(bodyStart),
  };
}

function sectionAt(message: Buffer, start: number): Section {
  const kind = message.readUInt8(start + 1);
  if (message[start] !== 0) throw new TypeError('A section of a message must begin with a descriptor.');
  if (kind === 0x53) return section(message, start, { code: message.readUInt8(start + 2), length: 3 });
  if (kind === 0x80) return section(message, start, { code: message.readUInt8(start + 9), length: 10 });
  throw new TypeError('The descriptor of a section must be a number.');
}

function section(message: Buffer, start: number, descriptor: { code: number; length: number }): Section {
  const valueStart = start + descriptor.length;
  const end = endOfValue(message, valueStart);
  if (end > message.length) throw new RangeError('The message ends within a section.');
  return { code: descriptor.code, valueStart, end };
}

// Bytes of a fixed width by the upper half of the type code.
const fixedWidths: Readonly<Record<number, number>> = { 4: 0, 5: 1, 6: 2, 7: 4, 8: 8, 9: 16 };

/** Where the value that begins at `start` ends. The upper half of its type code says how its length is given. */
function endOfValue(message: Buffer, start: number): number {
  const code = message.readUInt8(start);
  if (code === 0) return endOfValue(message, endOfValue(message, start + 1));
  const width = fixedWidths[code >> 4];
  if (width !== undefined) return start + 1 + width;
  // Binaries and strings, compounds and arrays: odd halves have a length of four bytes, even ones of one.
  if (code >> 4 < 0xa) throw new TypeError(`Unknown type code ${code}.`);
  return (code >> 4) % 2 === 0
    ? start + 2 + message.readUInt8(start + 1)
    : start + 5 + message.readUInt32BE(start + 1);
}
