import { describe, expect, test } from '@jest/globals';
import { readArchive } from '../../shared/adapters/archive.ts';
import { ARCHIVE_LIMITS } from '../../shared/adapters/archive-policy.ts';
import { Refusal } from '../../shared/errors.ts';
import type { RawEntry } from './raw-zip.ts';
import { rawZip } from './raw-zip.ts';

const SMALL = { entries: 100, bytesOfEntry: 1_000_000, bytes: 1_500_000, bytesOfAnyRatio: 65_536 };
const NOISE = Array.from({ length: 300_000 }, (_value, index) => Math.floor(Math.sin(index) * 1e6) & 255);

/** Why an archive is refused. */
async function refusalOf(entries: readonly RawEntry[], limits = SMALL): Promise<string> {
  const error: unknown = await readArchive('notebooks', rawZip(entries), limits).catch((its: unknown) => its);
  if (error instanceof Refusal) return error.message;
  throw new Error(`it was not refused: ${String(error)}`);
}

describe('an archive as a build makes it is unpacked', () => {
  test('paths come composed and sorted, folders of their own are left out', async () => {
    const decomposed = 'exploration/Zone forecast e\u0301 (2).ipynb';
    const bytes = rawZip([
      { name: 'silver/', content: '', mode: 0o040755 },
      { name: 'silver/b-2_x.sql', content: 'select 1' },
      { name: decomposed, content: '{}' },
      { name: '.flake8', content: '', mode: 0 },
    ]);
    const files = await readArchive('notebooks', bytes);
    expect(files.map(({ path, bytes: content }) => [path, Buffer.from(content).toString()])).toEqual([
      ['.flake8', ''],
      [decomposed.normalize('NFC'), '{}'],
      ['silver/b-2_x.sql', 'select 1'],
    ]);
  });

  test('stored and deflated entries both come out as they went in', async () => {
    const content = Uint8Array.from(NOISE);
    const files = await readArchive(
      'x',
      rawZip([
        { name: 'a', content, method: 0 },
        { name: 'b', content },
      ]),
    );
    expect(files.every(({ bytes }) => Buffer.from(bytes).equals(Buffer.from(content)))).toBe(true);
  });

  test('an empty archive is an artifact without files', async () => {
    expect(await readArchive('x', rawZip([]))).toEqual([]);
  });
});

test.each(['Umsatz – 2026 „neu“ (€).py', '100% [draft].py', '报告：概要.ipynb', "it's #1; a^b `c`.sql"])(
  'signs that mean nothing elsewhere may stand in a name: %s',
  async (name) => {
    const files = await readArchive('notebooks', rawZip([{ name, content: 'x' }]));
    expect(files.map(({ path }) => path)).toEqual([name]);
  },
);

describe('an archive that no build makes is refused before anything of it is stored', () => {
  const cases: readonly [string, readonly RawEntry[], RegExp][] = [
    ['.. in a path', [{ name: 'a/../../b' }], /relative path|leads out/],
    ['. in a path', [{ name: 'a/./b' }], /leads out of its folder/],
    ['an absolute path', [{ name: '/etc/passwd' }], /absolute path/],
    ['an empty folder name', [{ name: 'a//b' }], /empty folder name/],
    ['a backslash', [{ name: 'a\\b' }], /invalid characters/],
    ['a drive', [{ name: 'C:/x' }], /absolute path|not allowed/],
    ['NUL in a name', [{ name: 'a\u0000.py' }], /not allowed/],
    ['a line break in a name', [{ name: 'a\n.py' }], /not allowed/],
    ['%2e%2e', [{ name: '%2e%2e/x' }], /not allowed/],
    ['signs of patterns', [{ name: 'a*b?.py' }], /not allowed \(one of/],
    ['signs of a shell', [{ name: 'a"b<c>|.py' }], /not allowed/],
    ['a colon', [{ name: 'ab:c.py' }], /not allowed/],
    ['full-width dots', [{ name: '\uFF0E\uFF0E/x' }], /not allowed|leads out/],
    ['a right-to-left mark', [{ name: 'a\u202Eyp.exe' }], /not allowed/],
    ['a blank at the end of a name', [{ name: 'a /b' }], /begins with a blank or ends/],
    ['a dot at the end of a name', [{ name: 'a./b' }], /begins with a blank or ends/],
    ['a symbolic link', [{ name: 'a', content: '/etc/passwd', mode: 0o120777 }], /is a link or a device/],
    ['a device', [{ name: 'a', mode: 0o020666 }], /is a link or a device/],
    ['a repeated name', [{ name: 'a' }, { name: 'a' }], /have the same name/],
    ['names that differ in case only', [{ name: 'A.py' }, { name: 'a.PY' }], /have the same name/],
    [
      'names that differ in composition only',
      [{ name: '\u00e9' }, { name: 'e\u0301' }],
      /have the same name/,
    ],
    ['a file that is a folder too', [{ name: 'a' }, { name: 'a/b' }], /is a file and a folder/],
    ['an encrypted file', [{ name: 'a', flags: 0x801 }], /is encrypted/],
    ['an unknown compression', [{ name: 'a', method: 12 }], /packed in an unknown way/],
    ['a file that bursts', [{ name: 'a', content: Buffer.alloc(900_000) }], /more than 100 times smaller/],
    [
      'a file that is too large',
      [{ name: 'a', content: 'x', declaredSize: 1_000_001 }],
      /larger than 1000000/,
    ],
    ['more bytes than it declares', [{ name: 'a', content: 'much more', declaredSize: 3 }], /too many bytes/],
    ['fewer bytes than it declares', [{ name: 'a', content: 'x', declaredSize: 30 }], /not enough bytes/],
  ];

  test.each(cases)('%s', async (_title, entries, reason) => {
    expect(await refusalOf([{ name: 'good.py' }, ...entries])).toMatch(reason);
  });

  test('more than the limit in all, though each file is within its own', async () => {
    const content = Uint8Array.from([...NOISE, ...NOISE, ...NOISE]);
    expect(
      await refusalOf([
        { name: 'a', content },
        { name: 'b', content },
      ]),
    ).toMatch(/it holds 1800000 bytes/);
  });

  test('entries that share their data', async () => {
    const shared = Array.from({ length: 50 }, (_value, index) => ({
      name: `f${index}`,
      content: Uint8Array.from(NOISE.slice(0, 20_000)),
      ...(index === 0 ? {} : { sharesDataOf: 0 }),
    }));
    expect(await refusalOf(shared)).toMatch(/its entries overlap/);
  });

  test('too many entries', async () => {
    const many = Array.from({ length: 101 }, (_value, index) => ({ name: `f${index}` }));
    expect(await refusalOf(many)).toMatch(/it holds 101 entries, more than 100/);
  });

  test.each([
    ['no archive', Buffer.from('<html>sign in</html>')],
    ['nothing', new Uint8Array()],
    ['an archive that was cut', rawZip([{ name: 'a' }]).slice(0, 40)],
  ])('%s', async (_title, bytes) => {
    await expect(readArchive('notebooks', bytes)).rejects.toThrow(
      'The artifact notebooks cannot be unpacked',
    );
  });

  test('many problems come in one message that stays short, with names that cannot hurt a terminal', async () => {
    const bad = Array.from({ length: 9 }, (_value, index) => ({ name: `\u001b[31m${index}` }));
    const refusal = await refusalOf(bad);
    expect(refusal).toContain('and 4 more problems');
    expect(refusal).not.toContain('\u001b');
  });

  test('the real limits are generous and finite', () => {
    expect(ARCHIVE_LIMITS).toEqual({
      entries: 20_000,
      bytesOfEntry: 2 ** 28,
      bytes: 2 ** 29,
      bytesOfAnyRatio: 2 ** 24,
    });
  });
});
