/**
 * What is handed over by the Multiboot protocol, version 1, where there is much of it.
 * Expectations: Multiboot Specification 0.6.96, "Boot information format": `mods_count` and `mods_addr`; 16 bytes a module, the addresses
 * of its first byte and behind its last one in front.
 */
import { expect, it } from 'vitest';
import { pcMap } from '../../memory/pc-map.js';
import { placed } from './structure.js';
import { planMultiboot } from './multiboot.js';

const MODULE_BYTES = 16;
const MODULES_MAX = 4096;

function planned(modules: number): ReturnType<typeof planMultiboot> {
  return planMultiboot({
    image: { placements: [placed(0x100000, new Uint8Array(16))], entry: 0x100000, symbols: [] },
    path: 'kernel.bin',
    map: pcMap(1n << 30n).map,
    commandLine: '',
    modules: Array.from({ length: modules }, (_, index) => ({
      path: 'module',
      bytes: Uint8Array.of(index & 0xff, index >> 8),
      commandLine: `module ${index}`,
    })),
  });
}

/** The words of memory at `address`, as what is placed last leaves them. */
function wordsAt(
  { placements }: ReturnType<typeof planMultiboot>,
  address: number,
  count: number,
): Uint32Array {
  const memory = new Uint8Array(4 * count);
  for (const { address: base, bytes } of placements) {
    const at = Number(base) - address;
    if (at < memory.byteLength && at + bytes.byteLength > 0) {
      const skipped = Math.max(-at, 0);
      const end = Math.min(bytes.byteLength, memory.byteLength - at);
      memory.set(bytes.subarray(skipped, end), at + skipped);
    }
  }
  return new Uint32Array(memory.buffer);
}

it('as many modules as there is room for are all in the list', () => {
  const plan = planned(MODULES_MAX);
  const [count = 0, list = 0] = wordsAt(plan, plan.entry.ebx + 20, 2);
  expect(count).toBe(MODULES_MAX);
  const words = wordsAt(plan, list, (MODULE_BYTES / 4) * count);
  const sizes = Array.from({ length: count }, (_, index) => {
    const [first = 0, behind = 0] = words.subarray(4 * index, 4 * index + 2);
    return behind - first;
  });
  expect(new Set(sizes)).toEqual(new Set([2]));
});

it('more are refused: their entries lay below the command lines', () => {
  expect(() => planned(MODULES_MAX + 1)).toThrow(
    /^kernel\.bin: 4097 modules; multiboot's list of them has room for 4096$/,
  );
});
