/** Expectations: PCI Local Bus Specification 3.0, "Software Generation of Configuration Transactions", table of the header. */
import { beforeEach, describe, expect, it } from 'vitest';
import { PciConfiguration } from './pci-configuration.js';

const ENABLE = 0x8000_0000;

let pci: PciConfiguration;

const select = (device: number, register: number, bus = 0, number = 0): void =>
  pci.addressPort.writePort(
    0,
    4,
    (ENABLE | (bus << 16) | (device << 11) | (number << 8) | register) >>> 0,
  );
const read = (offset: number, widthBytes: 1 | 2 | 4): number =>
  pci.dataPort.readPort(offset, widthBytes);

beforeEach(() => {
  pci = new PciConfiguration([
    {
      device: 3,
      function: 0,
      vendorId: 0x8086,
      deviceId: 0x1237,
      revision: 2,
      classCode: 0x06_00_00,
      command: 0x0006,
      status: 0x0280,
      registers: [{ offset: 0x59, values: [0x10, 0x20] }],
    },
  ]);
});

describe('the header', () => {
  it.each([
    ['device and vendor', 0x00, 0, 4, 0x1237_8086],
    ['status and command', 0x04, 0, 4, 0x0280_0006],
    ['class code and revision', 0x08, 0, 4, 0x0600_0002],
    ['header type 0', 0x0c, 2, 1, 0x00],
    ['vendor alone', 0x00, 0, 2, 0x8086],
    ['device alone', 0x00, 2, 2, 0x1237],
    ['base class alone', 0x08, 3, 1, 0x06],
    ['a register of its own', 0x58, 1, 2, 0x2010],
  ] as const)('%s', (_, register, offset, widthBytes, value) => {
    select(3, register);
    expect(read(offset, widthBytes)).toBe(value);
  });

  it('says where a device has more functions; only some bits of a register change, and who watches is told', () => {
    const one = {
      ...{ device: 1, function: 0, vendorId: 0x8086, deviceId: 0x7000, revision: 0 },
      ...{ classCode: 0x06_01_00, command: 7, status: 0x0200, registers: [] },
    };
    const registers = [{ offset: 0x40, values: [0x01, 0x06], masks: [0xc0, 0xff] }];
    pci = new PciConfiguration([one, { ...one, function: 3, deviceId: 0x7113, registers }]);
    for (const number of [0, 3]) {
      select(1, 0x0c, 0, number);
      expect(read(2, 1)).toBe(0x80);
    }
    const seen: number[] = [];
    pci.watch(1, 3, (space) => seen.push((space[0x41] ?? 0) * 256 + (space[0x40] ?? 0)));
    const start = pci.snapshot();
    select(1, 0x40, 0, 3);
    pci.dataPort.writePort(0, 2, 0xb0ff);
    expect(read(0, 4)).toBe(0xb0c1);
    pci.restore(start);
    pci.dataPort.writePort(1, 1, 0x12);
    pci.dataPort.reset();
    expect(seen.at(-1)).toBe(0x0601);
    expect(seen).toContain(0xb0c1);
  });

  it('is not changed by writes; its own registers are', () => {
    select(3, 0x00);
    pci.dataPort.writePort(0, 4, 0);
    expect(read(0, 4)).toBe(0x1237_8086);
    select(3, 0x58);
    pci.dataPort.writePort(1, 1, 0x33);
    expect(read(0, 4)).toBe(0x0020_3300);
    pci.dataPort.reset();
    select(3, 0x58);
    expect(read(0, 4)).toBe(0x0020_1000);
  });
});

describe('what nobody answers reads as ones', () => {
  it.each([
    ['another device', () => select(4, 0)],
    ['another function', () => select(3, 0, 0, 1)],
    ['another bus', () => select(3, 0, 1)],
    ['without the enable bit', () => pci.addressPort.writePort(0, 4, 3 << 11)],
  ])('%s', (_, act) => {
    act();
    expect([read(0, 4), read(0, 2), read(3, 1)]).toEqual([0xffff_ffff, 0xffff, 0xff]);
  });
});

describe('CONFIG_ADDRESS', () => {
  it('reads back but for its reserved bits', () => {
    pci.addressPort.writePort(0, 4, 0xffff_ffff);
    expect(pci.addressPort.readPort(0, 4)).toBe(0x80ff_fffc);
  });

  it('takes doublewords only', () => {
    pci.addressPort.writePort(0, 4, 0x8000_1800);
    pci.addressPort.writePort(0, 1, 0x55);
    expect([pci.addressPort.readPort(0, 4), pci.addressPort.readPort(0, 1)]).toEqual([
      0x8000_1800, 0xff,
    ]);
  });
});

it('a snapshot goes on where it was taken', () => {
  select(3, 0x58);
  pci.dataPort.writePort(1, 1, 0x44);
  const state = pci.snapshot();
  pci.dataPort.reset();
  expect(pci.snapshot()).not.toEqual(state);
  pci.restore(state);
  expect(pci.snapshot()).toEqual(state);
  expect(read(1, 1)).toBe(0x44);
});
