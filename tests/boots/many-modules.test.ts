/** More boot modules than the table of reservations takes, up to as many as the kernel keeps track of. */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';
import { giveModules } from './boot-modules.js';
import { parseKernelOutput } from './kernel-output.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const MODULE_BYTES = 100;
/** As many as kernel/README.md says. */
const MODULES_MAX = 65_536;
/** 360 million instructions, most of which print the reservations. */
const TIMEOUT_MS = 300_000;
/** What the kernel writes to port F4h (kernel/src/power.ts). */
const BAD_BOOT_INFORMATION = 0x14;

/** A machine at the kernel's first instruction, with `count` modules of a list at `list`, on every other page from `first` on. */
function withModules(
  count: number,
  list: bigint,
  first: bigint,
  { ram = '64M', said = count } = {},
): TestMachine {
  const host = new TestMachine(bundledKernel(), {
    memoryMap: pcMap(parseSize(ram)).map,
    commandLine: 'quiet park',
    uartMode: 'instant',
  });
  const modules = Array.from({ length: count }, (_, n) => ({
    address: first + BigInt(n) * 2n * PAGE,
    bytes: new Uint8Array(MODULE_BYTES).fill((n & 0xff) | 1),
  }));
  giveModules(host.machine, list, modules, said);
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
    ['as many as there may be, where the table would be', MODULES_MAX, () => [GIB, imageEnd()]],
  ])(
    '%s, %d of them: each is reserved, and as the loader left it',
    (_, count, place) => {
      const [list, first] = place();
      const host = withModules(count, list, first, { ram: count < MODULES_MAX ? '64M' : '2G' });
      expect([host.run().kind, host.serial.slice(-7)]).toEqual(['hang', 'parked\n']);
      const { reservations } = parseKernelOutput(host.serial);
      const modules = reservations.filter(({ owner }) => owner.endsWith('boot modules'));
      expect(modules).toHaveLength(count);
      const misplaced = modules.findIndex(({ start, end }, n) => {
        const wanted = first + BigInt(n) * 2n * PAGE;
        return start !== wanted || end !== wanted + PAGE;
      });
      expect(misplaced).toBe(-1);
      const tables = reservations.filter(({ owner }) => owner.endsWith('table of reservations'));
      expect(tables).toHaveLength(1);
      const changed = Array.from({ length: count }, (_unused, n) => n).find((n) => {
        const bytes = host.machine.processor.read(first + BigInt(n) * 2n * PAGE, MODULE_BYTES);
        return !bytes.every((byte) => byte === ((n & 0xff) | 1));
      });
      expect(changed).toBeUndefined();
    },
    TIMEOUT_MS,
  );

  it('as many as no list has: the kernel says so and stops', () => {
    const host = withModules(1, 20n * MIB, 24n * MIB, { said: MODULES_MAX + 1 });
    const end = host.run();
    expect(host.serial).toContain('more boot modules than this kernel keeps track of');
    expect(end).toMatchObject({ kind: 'debug-exit', value: BAD_BOOT_INFORMATION });
  });
});
