import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CpuidFeature, Decoder, DecoderOptions } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import { buildFirmware } from '../scripts/build-firmware.js';
import { assemble } from './assembler/assemble.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const readSource = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

describe('the ROM image', async () => {
  const { rom, listing } = await buildFirmware(ROOT);

  it('is 128 KiB', () => expect(rom.length).toBe(0x20000));

  it('has a far jump to segment 0xF000 at the reset vector', () => {
    // [SDM Vol. 3A, "First Instruction Executed"]: 0xFFFFFFF0, the last 16 bytes of the ROM.
    const vector = rom.subarray(0x1fff0);
    expect(vector[0]).toBe(0xea); // JMP ptr16:16
    expect((vector[3] ?? 0) | ((vector[4] ?? 0) << 8)).toBe(0xf000);
    const target = (vector[1] ?? 0) | ((vector[2] ?? 0) << 8);
    expect(target).toBeGreaterThanOrEqual(0x4000);
    expect(rom[0x10000 + target]).toBe(0xfa); // CLI
  });

  it('is empty where the memory map will be, 0xE0000 to 0xF3FFF', () => {
    expect(rom.subarray(0, 0x14000).every((byte) => byte === 0)).toBe(true);
  });

  it('is the same in each build', async () => {
    const again = await buildFirmware(ROOT);
    expect(Buffer.compare(again.rom, rom)).toBe(0);
    expect(again.listing).toBe(listing);
  });

  it('has a listing with every source file', () => {
    for (const file of ['rom', 'post', 'fw-cfg', 'memory-map', 'pvh', 'serial', 'system']) {
      expect(listing).toContain(`; firmware/src/${file}.asm\n`);
    }
    expect(listing).toMatch(/0000FFF0 {2}EA[0-9A-F]{4}00F0 {12}jmp 0xF000:post/);
  });
});

describe('the processor that the ROM needs', () => {
  const ALLOWED: readonly CpuidFeature[] = [
    CpuidFeature.INTEL8086,
    CpuidFeature.INTEL8086_ONLY,
    CpuidFeature.INTEL186,
    CpuidFeature.INTEL286,
    CpuidFeature.INTEL286_ONLY,
    CpuidFeature.INTEL386,
    CpuidFeature.FPU,
  ];

  it('is an 80386 with its x87, but for 64-bit images: each instruction decodes, whole, to one that it has', () => {
    const withMsrs = [...ALLOWED, CpuidFeature.MSR];
    let bits = 16;
    const wrong: string[] = [];
    for (const { statement, bytes } of assemble('firmware/src/rom.asm', readSource).lines) {
      if (statement.body?.kind === 'bits') bits = statement.body.bits;
      if (statement.body?.kind !== 'instruction') continue;
      const decoder = new Decoder(bits, bytes, DecoderOptions.None);
      const instruction = decoder.decode();
      const allowed = statement.position.file.endsWith('/long-mode.asm') ? withMsrs : ALLOWED;
      const isPlain = instruction.cpuidFeatures().every((feature) => allowed.includes(feature));
      const isWhole = !instruction.isInvalid && instruction.length === bytes.length;
      if (!isPlain || !isWhole) wrong.push(statement.text);
      instruction.free();
      decoder.free();
    }
    expect(wrong).toEqual([]);
  });
});
