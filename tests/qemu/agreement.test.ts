/** The same bytes go in: the same lines must come out of QEMU's serial port and of ours. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { acpiFiles } from '../../emulator/machine/acpi-files.js';
import { planBoot } from '../../emulator/machine/boot/plan.js';
import { e820File } from '../../emulator/machine/boot-parameters.js';
import { recogniseImage } from '../../emulator/machine/image.js';
import { mapEntry } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { emptyFolder, projectRoot, s7x } from '../cli/s7x.js';
import { guest, imageFile } from '../guests/guest.js';
import { imageEnd, TestMachine } from '../guests/test-machine.js';
import { hasQemu, qemuKernel, qemuRom, withQemu } from './qemu.js';

const kernelPath = join(projectRoot, 'dist/kernel/kernel.elf');

/** Runs an image on QEMU; then ours with the memory map that the kernel's log shows QEMU to have. */
async function bothKernels(
  memory: string,
  append = '',
): Promise<{ qemu: string; ours: string; statuses: unknown[] }> {
  const qemu = await qemuKernel(kernelPath, memory, append);
  const log = join(emptyFolder(), 'qemu.log');
  writeFileSync(log, qemu.serial);
  const ours = await s7x(['run', '--memmap', log, '--append', append, '--uart', 'instant']);
  return { qemu: qemu.serial, ours: ours.stdout, statuses: [qemu.status, ours.status] };
}

describe.skipIf(!hasQemu)(withQemu('the bundled kernel says the same on QEMU'), () => {
  it.each(['8M', '128M', '1G', '3G', '5G'])('with %s', async (memory) => {
    const { qemu, ours, statuses } = await bothKernels(memory);
    expect(qemu).toContain('tests passed');
    expect(ours).toBe(qemu);
    expect(statuses).toEqual([0, 0]);
  });

  it('when a test fails: same lines, same exit status', async () => {
    const { qemu, ours, statuses } = await bothKernels('64M', 'canary');
    expect(ours).toBe(qemu);
    expect(statuses).toEqual([35, 35]);
  });
});

describe.skipIf(!hasQemu)(withQemu('guests say the same on QEMU'), () => {
  it.each(['power-off', 'modifies-itself', 'two-ports'])('%s', async (name) => {
    const path = guest(name);
    const [qemu, ours] = [await qemuKernel(path, '64M'), await s7x(['run', path, '-m', '64M'])];
    expect(ours.stdout).toBe(qemu.serial);
    expect(ours.status).toBe(qemu.status);
  });
});

describe.skipIf(!hasQemu)(withQemu('our ROM hands over the same on QEMU'), () => {
  const MIB = 1n << 20n;
  const MEMORY_MIB = 64;
  const rom = readFileSync(join(projectRoot, 'dist/firmware/rom.bin'));
  const memoryMap = pcMap(BigInt(MEMORY_MIB) * MIB).map;
  const source = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

  it.each(['boot-sector', 'pvh-payload'])('to firmware/testdata/%s.asm', async (name) => {
    const bytes = assemble(`firmware/testdata/${name}.asm`, source).bytes;
    const image = recogniseImage(bytes, name);
    const plan = planBoot(image, { ram: [], map: memoryMap, commandLine: '', modules: [] });
    const disk = plan.disk === undefined ? [] : [['opt/s7x/disk', plan.disk] as const];
    const qemu = await qemuRom({
      rom,
      map: e820File(memoryMap),
      boot: plan.record,
      files: new Map([...acpiFiles({ nodes: [], apic: true }), ...disk]),
      placed: image.placements,
      memoryMib: MEMORY_MIB,
    });
    const ours = new TestMachine(bytes, { memoryMap });
    const end = ours.run();
    // The last line is a time: how long until the clock ticked.
    const settled = (text: string): string => text.replace(/^end .*$/m, 'end');
    expect(settled(ours.serial)).toBe(settled(qemu.serial));
    expect(qemu.serial).toMatch(/^end /m);
    expect([end.kind, end.value]).toEqual(['debug-exit', 0]);
    expect(qemu.status).toBe(1);
  });

  it('and ACPI tables, in an ACPI range of the map, where the bundled kernel finds them', async () => {
    const bytes = readFileSync(kernelPath);
    const image = recogniseImage(bytes, kernelPath);
    const kernelEnd = imageEnd(image);
    // Room for the kernel and no more: it stops, with status 39, when it has said what its nodes are.
    const map = {
      name: 'test',
      entries: [
        mapEntry(0n, 0x9f000n, 1),
        mapEntry(MIB, kernelEnd - MIB, 1),
        mapEntry(62n * MIB, 0x10000n, 3),
      ],
      nodes: [
        { node: 0, base: 0n, length: MIB + MIB / 4n },
        { node: 1, base: MIB + MIB / 4n, length: 2n * MIB },
      ],
    };
    const qemu = await qemuRom({
      rom,
      map: e820File(map),
      boot: planBoot(image, { ram: [], map, commandLine: '', modules: [] }).record,
      files: acpiFiles({ nodes: map.nodes, apic: true }),
      placed: image.placements,
      memoryMib: MEMORY_MIB,
    });
    const ours = new TestMachine(bytes, { memoryMap: map });
    ours.run();
    const nodes = (serial: string): string[] => serial.match(/NUMA node \d+: \d+ pages/g) ?? [];
    // 158 pages below 0x9f000 but page 0, and 64 of the first quarter of a mebibyte; behind it, to the kernel's end.
    const behind = (kernelEnd - MIB - MIB / 4n) / 4096n;
    expect(nodes(qemu.serial)).toEqual(['NUMA node 0: 222 pages', `NUMA node 1: ${behind} pages`]);
    expect(nodes(ours.serial)).toEqual(nodes(qemu.serial));
    expect(qemu.status).toBe(39);
  });

  it('and s7x boots the boot sector from a file', async () => {
    const bytes = assemble('firmware/testdata/boot-sector.asm', source).bytes;
    const run = await s7x(['run', imageFile(bytes, 'sector.bin'), '-m', `${MEMORY_MIB}M`]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(/\ndivisor 00000060\n.*\nend \w{8}\n$/s);
  });
});
