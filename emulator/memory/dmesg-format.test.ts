import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { formatDmesg, looksLikeDmesg, parseDmesg } from './dmesg-format.js';
import { mapEntry } from './memory-map.js';

/** `base length type` of each entry, in hexadecimal without 0x. */
function rows(text: string): string[] {
  return parseDmesg(text, 'log').map.entries.map(
    ({ base, length, type }) => `${base.toString(16)} ${length.toString(16)} ${type}`,
  );
}

const CONVENTIONAL = ['0 9fc00 1'];
const LINE = 'BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable';

describe('parseDmesg on the spellings of Linux', () => {
  it.each([
    ['3.5 and later, last byte', LINE],
    ['2.6, one past the last byte', ' BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)'],
    ['2.4, length @ start', ' BIOS-e820: 000000000009fc00 @ 0000000000000000 (usable)'],
    ['2.4, 32-bit addresses', ' BIOS-88: 00000000 - 0009fc00 (usable)'],
    ['E801', ' BIOS-e801: 000000000009fc00 @ 0000000000000000 (usable)'],
    ['7.2', 'BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  System RAM'],
    [
      '7.2 with rounded sizes',
      'BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  639   KB kernel usable RAM',
    ],
    ['Xen', '[    0.000000] Xen: [mem 0x0000000000000000-0x000000000009fbff] usable'],
    ['user-defined', 'user: [mem 0x0000000000000000-0x000000000009fbff] usable'],
    ['no tag', '[mem 0x0000000000000000-0x000000000009fbff] usable'],
  ])('reads %s', (_, text) => {
    expect(rows(text)).toEqual(CONVENTIONAL);
  });

  it.each([
    ['usable', 1],
    ['reserved', 2],
    ['device reserved', 2],
    ['ACPI data', 3],
    ['ACPI NVS', 4],
    ['unusable', 5],
    ['type 6', 6],
    ['type 20', 20],
    ['persistent (type 7)', 7],
    ['persistent (type 12)', 12],
    ['persistent RAM (type 12)', 12],
    ['soft reserved', 0xefffffff],
  ])('reads the type %s as %i', (label, type) => {
    expect(rows(`BIOS-e820: [mem 0x1000-0x1fff] ${label}`)).toEqual([`1000 1000 ${type}`]);
  });

  it('skips gaps, which are no entries and no problems', () => {
    const text = `${LINE}\nBIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]  320   KB ...`;
    expect(rows(text)).toEqual(CONVENTIONAL);
    expect(parseDmesg(text, 'log').problems).toEqual([]);
  });

  it('keeps entries without length and entries that wrap', () => {
    expect(
      rows(
        'BIOS-e820: [mem 0x0000000000001000-0x0000000000000fff] reserved\n' +
          'BIOS-e820: [mem 0x0000000000000000-0xffffffffffffffff] type 0\n' +
          'BIOS-e820: [mem 0xfffffffffffff000-0x0000000000000fff] usable\n' +
          ' BIOS-e820: 0000000000000000 @ 0000000000000000 type 0',
      ),
    ).toEqual(['1000 0 2', '0 0 0', 'fffffffffffff000 2000 1', '0 0 0']);
  });
});

describe('parseDmesg on what logs go through', () => {
  it.each([
    ['a time stamp', `[    0.000000] ${LINE}`],
    ['a thread number', `[    0.000000][    T0] ${LINE}`],
    ['syslog', `Aug 29 16:48:39 lasso kernel: ${LINE}`],
    ['syslog with time stamp', `Dec  1 06:25:01 host kernel: [    0.000000] ${LINE}`],
    ['the journal', `ноя 07 14:48:54 brix.localdomain kernel: ${LINE}`],
    ['ISO time', `2023-08-29T16:48:39.123456+02:00 lasso kernel: ${LINE}`],
    ['a host called user', `Aug 29 16:48:39 user: ${LINE}`],
    ['printk levels', `<6>[    0.000000] ${LINE}`],
    ['mail quotation', `>>>> [    0.000000] ${LINE}`],
    ['mail quotation with spaces', `> > >  ${LINE}`],
    ['no-break spaces', `[    0.000000]\u00a0${LINE.replaceAll(' ', '\u00a0')}`],
    ['quoted-printable spaces', `=C2=A0=C2=A0 ${LINE.replace('] ', ']=C2=A0')}=20`],
    ['a quoted-printable break', `>> ${LINE.replace('usable', 'us=\nable')}`],
    ['a quoted-printable break in the range', `> ${LINE.replace('-0x', '-=\n0x')}`],
    ['a mail client that wraps', `>>> ${LINE.replace('] ', '] \n>>> ')}`],
    [
      'colours',
      `\u001b[32m[    0.000000] \u001b[0m\u001b[33mBIOS-e820: \u001b[0m${LINE.slice(11)}`,
    ],
    ['HTML', `${LINE}<br>`],
    ['a remark', `${LINE}                   <-- choose this area.`],
    ['Windows line ends', `first\r\n${LINE}\r\nlast\r\n`],
    ['a pager', LINE.replace('usable', 'usab>')],
  ])('reads a line through %s', (_, text) => {
    expect(rows(text)).toEqual(CONVENTIONAL);
    expect(parseDmesg(text, 'log').problems).toEqual([]);
  });

  it('rejoins a type of two words that a mail client wrapped in the middle', () => {
    expect(rows('> BIOS-e820: [mem 0x1000-0x1fff] ACPI\n> NVS\n')).toEqual(['1000 1000 4']);
  });

  it('does not take the next entry for the rest of a type', () => {
    const text = `BIOS-e820: [mem 0x1000-0x1fff]\n${LINE}`;
    expect(rows(text)).toEqual(CONVENTIONAL);
    expect(parseDmesg(text, 'log').problems).toHaveLength(1);
  });

  it('notes a type that a pager cut, as it was read', () => {
    const { map, notes } = parseDmesg('BIOS-e820: [mem 0x1000-0x1fff] reserv>', 'box.txt');
    expect(map.entries[0]?.type).toBe(2);
    expect(notes).toEqual([`box.txt, line 1: 'reserv>' is cut short; read as 'reserved'`]);
  });

  it.each([
    ['BIOS-e820: [mem 0x1000-0x1fff] ACPI>', /cut short and may mean several/],
    ['BIOS-e820: [mem 0x1000-0x1fff] type 1>', /unknown type 'type 1>'/],
    ['BIOS-e820: [mem 0x1000-0x1fff] u>', /unknown type/],
    ['BIOS-e820: [mem 0x1000-0x1fff] persistent>', /may mean several/],
    ['BIOS-e820: [mem 0x1000-0x1fff]', /type is missing/],
    ['BIOS-e820: [mem 0x1000-0x1>', /no address range/],
    ['BIOS-e820: [mem 0x00001000000000000-0x1fff] usable', /no address range/],
    ['BIOS-e820: something else', /no address range/],
  ])('reports %s by number and uses the rest', (bad, reason) => {
    const { map, problems } = parseDmesg(`first\n${bad}\n${LINE}\n`, 'log');
    expect(map.entries).toHaveLength(1);
    expect(problems).toEqual([
      { lineNumber: 2, text: bad, reason: expect.stringMatching(reason) as string },
    ]);
  });
});

describe('parseDmesg on logs with several maps', () => {
  const user = 'user: [mem 0x0000000000000000-0x0000000000000fff] reserved';

  it('prefers what the firmware said, and notes the rest', () => {
    const { map, tag, notes } = parseDmesg(`${user}\n${LINE}\n${user}`, 'log');
    expect(tag).toBe('BIOS-e820');
    expect(map.entries).toEqual([mapEntry(0n, 0x9fc00n, 1)]);
    expect(notes).toEqual([`the map 'BIOS-e820' is used; the log also has user`]);
  });

  it('takes the last of several boots, and notes it', () => {
    const heading = '[    0.000000] BIOS-provided physical RAM map:';
    const other = LINE.replace('9fbff', '9efff');
    const { map, notes } = parseDmesg(`${heading}\n${LINE}\nx\n${heading}\n${other}`, 'log');
    expect(map.entries).toEqual([mapEntry(0n, 0x9f000n, 1)]);
    expect(notes).toEqual(['the log has 2 boots; the last, from line 5, is used']);
  });

  it('does not take other ranges of a log for a map', () => {
    const text =
      '[    0.557473] pci_bus 0000:00: root bus resource [mem 0x65400000-0xbfffffff window]';
    expect(looksLikeDmesg(text)).toBe(false);
    expect(looksLikeDmesg('Aug 29 systemd: user: logged in')).toBe(false);
    expect(() => parseDmesg(text, 'box.txt')).toThrow(ConfigurationError);
    expect(() => parseDmesg(text, 'box.txt')).toThrow(/^box\.txt has no memory map/);
  });

  it('names the first line when no line of the map can be used', () => {
    expect(() => parseDmesg('x\nBIOS-e820: [mem 0x1000-0x1', 'box.txt')).toThrow(
      /^box\.txt has no usable line of a memory map; line 2: no address range/,
    );
  });
});

describe('formatDmesg', () => {
  it('writes what Linux prints (a log of QEMU with 64 MiB)', () => {
    const entries = [mapEntry(0n, 0x9fc00n, 1), mapEntry(0x9fc00n, 0x400n, 2)];
    expect(formatDmesg({ name: 'x', entries })).toBe(
      'BIOS-provided physical RAM map:\n' +
        'BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n' +
        'BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved\n',
    );
  });

  it('keeps extended attributes', () => {
    const entries = [{ ...mapEntry(0x1000n, 0x1000n, 1), attributes: 0 }];
    const text = formatDmesg({ name: 'log', entries });
    expect(text).toContain('usable attributes 0x0');
    expect(parseDmesg(text, 'log').map.entries).toEqual(entries);
  });
});
