/** `--firmware`: a ROM that is not ours. Expectations: [82371SB] "BIOS Memory"; QEMU's machine `isapc` with the same ROM. */
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

describe('--firmware', () => {
  it.each([64, 128, 256, 16384])('starts a ROM of %i KiB at its end', async (sizeKib) => {
    const { stdout, status } = await run(
      '--firmware',
      file(`rom-${sizeKib}`, grown(sizeKib << 10)),
    );
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
  vectorless[0xfff0] = 0x90;
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
      /vectorless: no firmware ROM: at its reset vector.*but 90/,
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
