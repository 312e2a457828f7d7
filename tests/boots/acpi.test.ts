/**
 * The ACPI tables as a kernel finds them in memory after the firmware: read by the offsets of the specification
 * (ACPI 6.5, "ACPI Software Programming Model"), not by the builder's.
 */
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../emulator/machine/machine.js';
import {
  E820_ACPI_RECLAIMABLE,
  E820_USABLE,
  mapEntry,
  type MemoryMap,
} from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { isPageUsable } from '../../emulator/memory/usable-oracle.js';
import { assertBootableMap } from '../../emulator/memory/validate-map.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const GIB = 1n << 30n;
const MIB = 1n << 20n;
/** The firmware's PVH hand-over (firmware/README.md), and rsdp_paddr in it (Xen, start_info.h). */
const START_INFO_RSDP = 0x10000n + 32n;

interface Table {
  readonly address: bigint;
  readonly bytes: DataView;
  readonly sum: number;
}

class Tables {
  readonly rsdp: bigint;
  readonly bySignature = new Map<string, Table>();

  constructor(private readonly machine: Machine) {
    this.rsdp = this.view(START_INFO_RSDP, 8).getBigUint64(0, true);
    const rsdp = this.view(this.rsdp, 36);
    const xsdt = this.add(rsdp.getBigUint64(24, true));
    this.add(BigInt(rsdp.getUint32(16, true)));
    for (let at = 36; at < xsdt.bytes.byteLength; at += 8) {
      this.add(xsdt.bytes.getBigUint64(at, true));
    }
    const fadt = this.get('FACP').bytes;
    this.add(fadt.getBigUint64(140, true)); // X_DSDT
    this.add(BigInt(fadt.getUint32(36, true))); // FIRMWARE_CTRL
  }

  get(signature: string): Table {
    const table = this.bySignature.get(signature);
    if (table === undefined) throw new Error(`there is no table ${signature}`);
    return table;
  }

  view(address: bigint, lengthBytes: number): DataView {
    const bytes = this.machine.processor.read(address, lengthBytes);
    return new DataView(bytes.buffer, bytes.byteOffset, lengthBytes);
  }

  private add(address: bigint): Table {
    const lengthBytes = this.view(address + 4n, 4).getUint32(0, true);
    const bytes = this.view(address, lengthBytes);
    const table = { address, bytes, sum: sumOf(bytes, lengthBytes) };
    this.bySignature.set(text(bytes, 0, 4), table);
    return table;
  }
}

function sumOf(view: DataView, lengthBytes: number): number {
  let sum = 0;
  for (let at = 0; at < lengthBytes; at++) sum += view.getUint8(at);
  return sum & 0xff;
}

function text(view: DataView, at: number, length: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode(view.getUint8(at + index))).join(
    '',
  );
}

/** The tables as the kernel found them. It prints and ends; nothing of it writes to them. */
function bootedTables(memoryMap: MemoryMap): Tables {
  const host = new TestMachine(bundledKernel(), {
    memoryMap,
    commandLine: 'quiet',
    uartMode: 'instant',
  });
  expect(host.run().kind).toBe('power-off');
  return new Tables(host.machine);
}

describe('the ACPI tables', () => {
  const tables = bootedTables(pcMap(64n * MIB).map);

  it('are led to by an RSDP on 16 bytes in the ROM window, both of whose sums are 0', () => {
    expect([tables.rsdp >= 0xe0000n, tables.rsdp < 0x100000n, tables.rsdp % 16n]).toEqual([
      true,
      true,
      0n,
    ]);
    const rsdp = tables.view(tables.rsdp, 36);
    expect([text(rsdp, 0, 8), rsdp.getUint8(15), rsdp.getUint32(20, true)]).toEqual([
      'RSD PTR ',
      2,
      36,
    ]);
    expect([sumOf(rsdp, 20), sumOf(rsdp, 36)]).toEqual([0, 0]);
  });

  it('are these, and each adds up to 0 but the FACS, which has no sum', () => {
    expect([...tables.bySignature.keys()].sort()).toEqual([
      'APIC',
      'DSDT',
      'FACP',
      'FACS',
      'HPET',
      'RSDT',
      'XSDT',
    ]);
    const sums = [...tables.bySignature].filter(([signature]) => signature !== 'FACS');
    expect(sums.map(([signature, { sum }]) => [signature, sum])).toEqual(
      sums.map(([signature]) => [signature, 0]),
    );
    expect(tables.get('FACS').address % 64n).toBe(0n);
  });

  it('RSDT and XSDT name the same tables', () => {
    const [rsdt, xsdt] = [tables.get('RSDT').bytes, tables.get('XSDT').bytes];
    const count = (rsdt.byteLength - 36) / 4;
    expect((xsdt.byteLength - 36) / 8).toBe(count);
    for (let index = 0; index < count; index++) {
      expect(xsdt.getBigUint64(36 + 8 * index, true)).toBe(
        BigInt(rsdt.getUint32(36 + 4 * index, true)),
      );
    }
  });

  it('FADT: PM1a at 0x600 and 0x604, timer at 0x608, reset through 0xCF9, as docs/machine.md has them', () => {
    const fadt = tables.get('FACP').bytes;
    expect([56, 64, 76].map((at) => fadt.getUint32(at, true))).toEqual([0x600, 0x604, 0x608]);
    expect([148, 172, 208, 116].map((at) => fadt.getBigUint64(at + 4, true))).toEqual([
      0x600n,
      0x604n,
      0x608n,
      0xcf9n,
    ]);
    expect([148, 172, 208, 116].map((at) => [fadt.getUint8(at), fadt.getUint8(at + 1)])).toEqual([
      [1, 32],
      [1, 16],
      [1, 32],
      [1, 8],
    ]);
    expect(BigInt(fadt.getUint32(40, true))).toBe(fadt.getBigUint64(140, true));
  });

  it('DSDT: \\_S5 and the host bridge, as iasl writes them', () => {
    // Name (\_S5, Package (4) {0, 0, 0, 0})
    // Device (\_SB.PCI0) {
    //   Name (_HID, EisaId ("PNP0A03"))
    //   Name (_CRS, ResourceTemplate () {
    //     WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0, 0, 1)
    //     IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
    //     WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0, 0x0CF7, 0, 0x0CF8)
    //     WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0x0D00, 0xFFFF, 0, 0xF300)
    //     DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite, 0, 0xE0000000,
    //       0xFEBFFFFF, 0, 0x1EC00000) }) }
    const aml = tables.get('DSDT').bytes;
    expect(Array.from({ length: aml.byteLength - 36 }, (_, at) => aml.getUint8(36 + at))).toEqual([
      0x08, 0x5f, 0x53, 0x35, 0x5f, 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00, 0x5b, 0x82, 0x43,
      0x07, 0x2e, 0x5f, 0x53, 0x42, 0x5f, 0x50, 0x43, 0x49, 0x30, 0x08, 0x5f, 0x48, 0x49, 0x44,
      0x0c, 0x41, 0xd0, 0x0a, 0x03, 0x08, 0x5f, 0x43, 0x52, 0x53, 0x11, 0x48, 0x05, 0x0a, 0x54,
      0x88, 0x0d, 0x00, 0x02, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
      0x00, 0x47, 0x01, 0xf8, 0x0c, 0xf8, 0x0c, 0x01, 0x08, 0x88, 0x0d, 0x00, 0x01, 0x0c, 0x03,
      0x00, 0x00, 0x00, 0x00, 0xf7, 0x0c, 0x00, 0x00, 0xf8, 0x0c, 0x88, 0x0d, 0x00, 0x01, 0x0c,
      0x03, 0x00, 0x00, 0x00, 0x0d, 0xff, 0xff, 0x00, 0x00, 0x00, 0xf3, 0x87, 0x17, 0x00, 0x00,
      0x0c, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0xff, 0xff, 0xbf, 0xfe, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x1e, 0x79, 0x00,
    ]);
  });

  it('MADT: the 8259A, one local APIC with id 0, one I/O APIC, IRQ 0 at input 2, IRQ 9 a level, LINT1 for NMI', () => {
    // ACPI 6.5, "Multiple APIC Description Table (MADT)", the structures of types 0, 1, 2, 4.
    const madt = tables.get('APIC').bytes;
    expect([madt.getUint32(36, true), madt.getUint32(40, true)]).toEqual([0xfee0_0000, 1]);
    const entries = [];
    for (let at = 44; at < madt.byteLength; at += madt.getUint8(at + 1)) {
      const bytes = Array.from({ length: madt.getUint8(at + 1) }, (_, n) => madt.getUint8(at + n));
      entries.push(bytes);
    }
    expect(entries).toEqual([
      [0, 8, 0, 0, 1, 0, 0, 0],
      [1, 12, 0, 0, 0x00, 0x00, 0xc0, 0xfe, 0, 0, 0, 0],
      [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
      [2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0],
      [4, 6, 0xff, 0, 0, 1],
    ]);
  });

  it('HPET: its capabilities, at FED00000h', () => {
    // IA-PC HPET 1.0a, "The ACPI 2.0 HPET Description Table (HPET)".
    const hpet = tables.get('HPET').bytes;
    expect([hpet.byteLength, hpet.getUint32(36, true), hpet.getUint8(40)]).toEqual([
      56, 0x8086_a201, 0,
    ]);
    expect(hpet.getBigUint64(44, true)).toBe(0xfed0_0000n);
  });

  it('MADT: the 8259A alone where the map has RAM at the addresses of the APICs', () => {
    const map = { name: 'RAM', entries: [mapEntry(0n, 5n * GIB, E820_USABLE)] };
    const { bySignature } = bootedTables(map);
    const madt = bySignature.get('APIC')?.bytes ?? new DataView(new ArrayBuffer(0));
    expect(bySignature.has('HPET')).toBe(false);
    expect([madt.byteLength, madt.getUint32(40, true)]).toEqual([44, 1]);
  });
});

describe('SRAT and SLIT', () => {
  it('are there when a map has nodes, with the ranges of the map and distances of 10 and 20', () => {
    const nodes = [
      { node: 0, base: 0n, length: GIB },
      { node: 1, base: GIB, length: 2n * GIB },
      { node: 2, base: 4n * GIB, length: 5n * GIB },
    ];
    const tables = bootedTables({ ...pcMap(8n * GIB).map, nodes });
    const srat = tables.get('SRAT').bytes;
    const entries = [];
    for (let at = 48; at < srat.byteLength; at += srat.getUint8(at + 1)) {
      if (srat.getUint8(at) !== 1) continue;
      expect(srat.getUint32(at + 28, true)).toBe(1);
      entries.push({
        node: srat.getUint32(at + 2, true),
        base: srat.getBigUint64(at + 8, true),
        length: srat.getBigUint64(at + 16, true),
      });
    }
    expect(entries).toEqual(nodes);
    const slit = tables.get('SLIT').bytes;
    expect(slit.getBigUint64(36, true)).toBe(3n);
    expect(Array.from({ length: 9 }, (_, at) => slit.getUint8(44 + at))).toEqual([
      10, 20, 20, 20, 10, 20, 20, 20, 10,
    ]);
    expect([tables.get('SRAT').sum, tables.get('SLIT').sum]).toEqual([0, 0]);
  });
});

describe('where the tables are', () => {
  const bootable = zooNames().filter((name) => {
    try {
      assertBootableMap(zooMap(name));
      return true;
    } catch {
      return false;
    }
  });

  it.each(bootable)(
    'zoo:%s: in its ACPI range, or else in the ROM window; never in a usable page',
    (name) => {
      const map = zooMap(name);
      const { bySignature, rsdp } = bootedTables(map);
      const high = map.entries.some(
        ({ type, base, length }) =>
          type === E820_ACPI_RECLAIMABLE &&
          base >= MIB &&
          length >= 4096n &&
          base + length <= 4n * GIB,
      );
      expect(rsdp >> 16n).toBe(0xfn);
      for (const [signature, { address, bytes, sum }] of bySignature) {
        const end = address + BigInt(bytes.byteLength);
        const inAcpi = map.entries.some(
          ({ type, base, length }) =>
            type === E820_ACPI_RECLAIMABLE && base <= address && end <= base + length,
        );
        expect([signature, inAcpi, high || (address >= 0xf0000n && end <= MIB)]).toEqual([
          signature,
          high,
          true,
        ]);
        expect(isPageUsable(map, address / 4096n)).toBe(false);
        if (signature !== 'FACS') expect([signature, sum]).toEqual([signature, 0]);
      }
    },
  );
});
