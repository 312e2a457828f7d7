/**
 * More boot modules than the table of reservations takes: a start info of the test's own, put in place of the loader's before the kernel's first
 * instruction. Its layout is that of the PVH boot protocol (hvm_start_info, hvm_modlist_entry), version 1.
 */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';
import { parseKernelOutput } from './kernel-output.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const COUNT_OFFSET = 12n;
const LIST_OFFSET = 16n;
const ENTRY_BYTES = 32n;
const MODULE_BYTES = 100;
const ENTRY_INSTRUCTIONS_MAX = 5_000_000;
/** What the kernel writes to port F4h (kernel/src/power.ts). */
const BAD_BOOT_INFORMATION = 0x14;

/** A machine at the kernel's first instruction, with `count` modules of a list at `list`, on every other page from `first` on. */
function withModules(count: number, list: bigint, first: bigint): TestMachine {
  const host = new TestMachine(bundledKernel(), {
    memoryMap: pcMap(parseSize('64M')).map,
    commandLine: 'quiet park',
    uartMode: 'instant',
  });
  const { machine } = host;
  const { processor, clock } = machine;
  const entry = machine.symbols.addressOf('__boot_entry');
  for (let left = ENTRY_INSTRUCTIONS_MAX; processor.rip !== entry; left--) {
    if (left === 0) throw new Error('the firmware does not enter the kernel');
    clock.advanceTo(machine.nowCycles);
    processor.run(1);
  }
  const info = processor.register('rbx');
  const words = (address: bigint, ...values: readonly bigint[]): void => {
    processor.write(address, new Uint8Array(BigUint64Array.from(values).buffer));
  };
  processor.write(info + COUNT_OFFSET, new Uint8Array(Uint32Array.of(count).buffer));
  words(info + LIST_OFFSET, list);
  for (let n = 0n; n < BigInt(count); n++) {
    const address = first + n * 2n * PAGE;
    words(list + n * ENTRY_BYTES, address, BigInt(MODULE_BYTES), 0n, 0n);
    processor.write(address, new Uint8Array(MODULE_BYTES).fill(Number(n & 0xffn) | 1));
  }
  return host;
}

/** The first page behind the kernel's image. */
const imageEnd = (): bigint => {
  const { serial } = new ParkedKernel(pcMap(parseSize('64M')).map);
  const image = parseKernelOutput(serial).reservations.find(({ owner }) => owner.includes('image'));
  expect(image?.end).toBeGreaterThan(MIB);
  return image?.end ?? 0n;
};

describe('boot modules', () => {
  it.each<[string, number, () => readonly [bigint, bigint]]>([
    ['far away', 256, () => [20n * MIB, 24n * MIB]],
    ['where the table would be', 300, () => [40n * MIB, imageEnd()]],
    ['behind their list, which is where the table would be', 1000, () => [imageEnd(), 24n * MIB]],
  ])('%s, %d of them: each is reserved, and as the loader left it', (_, count, place) => {
    const [list, first] = place();
    const host = withModules(count, list, first);
    expect([host.run().kind, host.serial.slice(-7)]).toEqual(['hang', 'parked\n']);
    const { reservations } = parseKernelOutput(host.serial);
    const modules = reservations.filter(({ owner }) => owner.endsWith('boot modules'));
    expect(modules.map(({ start, end }) => [start, end])).toEqual(
      Array.from({ length: count }, (_unused, n) => {
        const start = first + BigInt(n) * 2n * PAGE;
        return [start, start + PAGE];
      }),
    );
    const tables = reservations.filter(({ owner }) => owner.endsWith('table of reservations'));
    expect(tables).toHaveLength(1);
    for (let n = 0; n < count; n++) {
      const bytes = host.machine.processor.read(first + BigInt(n) * 2n * PAGE, MODULE_BYTES);
      expect(bytes.every((byte) => byte === ((n & 0xff) | 1))).toBe(true);
    }
  });

  it('as many as no list has: the kernel says so and stops', () => {
    const host = withModules(1, 20n * MIB, 24n * MIB);
    const info = host.machine.processor.register('rbx');
    host.machine.processor.write(
      info + COUNT_OFFSET,
      new Uint8Array(Uint32Array.of(65_537).buffer),
    );
    const end = host.run();
    expect(host.serial).toContain('more boot modules than this kernel keeps track of');
    expect(end).toMatchObject({ kind: 'debug-exit', value: BAD_BOOT_INFORMATION });
  });
});
