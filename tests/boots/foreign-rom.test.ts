/**
 * Our firmware where a boot sector has no handler; `--firmware`: a ROM that is not ours. Expectations: [82371SB] "BIOS Memory";
 * QEMU's machine `isapc` with the same ROM.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, projectRoot, s7x } from '../cli/s7x.js';
import { flatImage } from '../guests/guest.js';
import { hasQemu, qemuRom, withQemu } from '../qemu/qemu.js';

const folder = emptyFolder();
const nothing = new Uint8Array(0);
const file = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const run = (...words: string[]) =>
  s7x(['run', '-m', '16M', '--cpu', 'unit', '--uart', 'instant', ...words]);
/** The ROM behind `sizeBytes` of 0xFF in all. */
const grown = (sizeBytes: number): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes).fill(0xff);
  const rom = flatImage('foreign-rom');
  bytes.set(rom, sizeBytes - rom.byteLength);
  return bytes;
};

/** A boot sector that begins with these bytes. */
const bootSector = (...code: number[]): string => {
  const bytes = new Uint8Array(512);
  bytes.set(code);
  bytes.set([0x55, 0xaa], 510);
  return file(`boot-sector-${code.join('-')}`, bytes);
};

describe('our firmware, when a boot sector has no handler', () => {
  it.each<[string, number[], string]>([
    ['#UD: UD2', [0x0f, 0x0b], 'exception 00000006 at 00007c00'],
    [
      '#UD: a VEX prefix in real-address mode',
      [0xc5, 0xf8, 0x77],
      'exception 00000006 at 00007c00',
    ],
    ['#DE: DIV BX, and BX is 0', [0x31, 0xdb, 0xf7, 0xf3], 'exception 00000000 at 00007c02'],
    [
      '#NM: CR0.TS, then FLD1',
      [0x0f, 0x20, 0xc0, 0x0c, 0x08, 0x0f, 0x22, 0xc0, 0xd9, 0xe8],
      'exception 00000007 at 00007c08',
    ],
  ])('stops and says where: %s', async (_, code, said) => {
    const { status, stderr } = await run(bootSector(...code));
    expect(status).toBe(8); // a proved hang
    expect(stderr).toContain(
      `last line on the debug port: stopped: ${said}, and nothing handles it`,
    );
  });

  it('returns from a breakpoint', async () => {
    // INT3, then 10h to port F4h: exit status 21h.
    const { status } = await run(bootSector(0xcc, 0xb0, 0x10, 0xe6, 0xf4));
    expect(status).toBe(0x21);
  });
});

describe('--firmware', () => {
  it.each([64, 128, 256, 16384])('starts a ROM of %i KiB at its end', async (sizeKib) => {
    const { stdout, status } = await run(
      '--firmware',
      file(`rom-${sizeKib}`, grown(sizeKib << 10)),
    );
    expect({ stdout, status }).toEqual({ stdout: 'R+++', status: 33 });
  });

  it('starts a ROM whose first instructions are CLI and CLD, as U-Boot’s', async () => {
    const rom = grown(0x10000);
    rom.copyWithin(0xfff2, 0xfff0, 0xfff5); // JMP F000h:offset
    rom.set([0xfa, 0xfc], 0xfff0);
    const { stdout, status } = await run('--firmware', file('cli-first', rom));
    expect({ stdout, status }).toEqual({ stdout: 'R+++', status: 33 });
  });

  it('is also a boot protocol', async () => {
    const { stdout } = await run(file('rom', grown(0x10000)), '--boot', 'firmware');
    expect(stdout).toBe('R+++');
  });

  it('takes our own ROM, which finds nothing to boot', async () => {
    const finished = await run('--firmware', join(projectRoot, 'dist/firmware/rom.bin'));
    expect(finished.status).toBe(8); // a proved hang
    const log = readFileSync(join(finished.folder, '.s7x/last/debugcon.log'), 'latin1');
    expect(log).toContain('boot: no bootable image');
  });

  const vectorless = grown(0x10000);
  vectorless.fill(0x90, 0xfff0);
  it.each<[string, () => string[], RegExp]>([
    [
      'a file of another size',
      () => ['--firmware', file('odd', new Uint8Array(1000))],
      /odd: no firmware ROM: 1000 bytes; a ROM has whole 64 KiB, at most 16 MiB/,
    ],
    [
      'more than 16 MiB',
      () => ['--firmware', file('large', new Uint8Array(0x1010000))],
      /large: no firmware ROM: 16842752 bytes/,
    ],
    ['an empty file', () => ['--firmware', file('empty', nothing)], /empty: the file is empty/],
    [
      'a file without a jump at the reset vector',
      () => ['--firmware', file('vectorless', vectorless)],
      /vectorless: no firmware ROM: among the 16 bytes of its reset vector is no jump.*: 90 90 90/,
    ],
    [
      'an image beside it',
      () => ['kernel.elf', '--firmware', 'rom'],
      /--firmware rom: .*it cannot go with image kernel\.elf/,
    ],
    [
      'another protocol beside it',
      () => ['--firmware', 'rom', '--boot', 'pvh'],
      /--firmware rom: .*it cannot go with --boot pvh/,
    ],
    [
      'a command line',
      () => ['--firmware', file('rom', grown(0x10000)), '--append', 'x'],
      /rom: a firmware ROM takes no command line/,
    ],
  ])('refuses %s', async (_, words, sentence) => {
    const { status, stderr } = await run(...words());
    expect(status).toBe(2);
    expect(stderr).toMatch(sentence);
  });

  describe.skipIf(!hasQemu)(withQemu('does what QEMU does'), () => {
    it('with the same ROM', async () => {
      const rom = flatImage('foreign-rom');
      const files = new Map<string, Uint8Array>();
      const qemu = await qemuRom({
        ...{ rom, files, placed: [], memoryMib: 16 },
        ...{ map: Uint8Array.of(0), boot: Uint8Array.of(0) },
      });
      expect(qemu).toEqual({ serial: 'R+++', status: 33 });
    });
  });
});
