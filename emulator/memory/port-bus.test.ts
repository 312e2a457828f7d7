import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { PortBus, type PortDevice, type PortWidthBytes } from './port-bus.js';

/** Remembers accesses; reads give the offset plus 0x40 in every byte. */
class Recorder implements PortDevice<null> {
  readonly accesses: string[] = [];
  constructor(readonly widths: readonly PortWidthBytes[] = []) {}
  readPort(offset: number, widthBytes: PortWidthBytes): number {
    this.accesses.push(`r${widthBytes} +${offset}`);
    let value = 0;
    for (let byte = 0; byte < widthBytes; byte++) value += (0x40 + offset + byte) * 256 ** byte;
    return value;
  }
  writePort(offset: number, widthBytes: PortWidthBytes, value: number): void {
    this.accesses.push(`w${widthBytes} +${offset} ${value.toString(16)}`);
  }
  reset(): void {
    this.accesses.length = 0;
  }
  snapshot(): null {
    return null;
  }
  restore(): void {
    this.reset();
  }
}

let unmodelled: string[];
let bus: PortBus;
const range = { accessTimeNs: 1000, name: 'device' };

beforeEach(() => {
  unmodelled = [];
  bus = new PortBus({
    unmodelledAccessTimeNs: 700,
    onUnmodelled: (port, width, isWrite, value) =>
      unmodelled.push(`${isWrite ? 'w' : 'r'}${width} ${port.toString(16)} ${value.toString(16)}`),
  });
});

describe('PortBus', () => {
  it('gives a device offsets, not addresses', () => {
    const device = new Recorder();
    bus.attach({ ...range, base: 0x3f8, sizePorts: 8, device });
    expect(bus.read(0x3fd, 1)).toBe(0x45);
    bus.write(0x3f8, 1, 0x41);
    expect(device.accesses).toEqual(['r1 +5', 'w1 +0 41']);
  });

  it('splits a wide access to a byte device into bytes, low address first', () => {
    const device = new Recorder();
    bus.attach({ ...range, base: 0x70, sizePorts: 4, device });
    expect(bus.read(0x70, 4)).toBe(0x43424140);
    bus.write(0x72, 2, 0xbeef);
    expect(device.accesses).toEqual(['r1 +0', 'r1 +1', 'r1 +2', 'r1 +3', 'w1 +2 ef', 'w1 +3 be']);
  });

  it('hands a width that the device declares over whole', () => {
    const device = new Recorder([2, 4]);
    bus.attach({ ...range, base: 0x510, sizePorts: 12, device });
    bus.write(0x510, 2, 0x19);
    bus.write(0x518, 4, 0x8000_0000);
    expect(bus.read(0x514, 4)).toBe(0x47464544);
    expect(device.accesses).toEqual(['w2 +0 19', 'w4 +8 80000000', 'r4 +4']);
  });

  it('moves a device, but not over another', () => {
    const device = new Recorder([4]);
    const other = new Recorder();
    bus.attach({ ...range, base: 0x600, sizePorts: 12, device });
    bus.attach({ ...range, base: 0x3f8, sizePorts: 8, device: other });
    bus.relocate(device, 0xb000);
    expect([bus.read(0xb008, 4), bus.read(0x608, 1)]).toEqual([0x4b4a4948, 0xff]);
    bus.relocate(device, 0x3f0);
    expect([bus.read(0x3f7, 1), bus.read(0x3f8, 1)]).toEqual([0x47, 0x40]);
    bus.relocate(device, 0xffc0);
    expect([bus.read(0xffcb, 1), bus.read(0x3f7, 1), bus.read(0x3f8, 1)]).toEqual([
      0x4b, 0xff, 0x40,
    ]);
    bus.relocate(device, 0x600);
    expect(bus.read(0x608, 4)).toBe(0x4b4a4948);
  });

  it('reads unsigned numbers', () => {
    const device = new Recorder();
    device.readPort = (): number => 0xff;
    bus.attach({ ...range, base: 0, sizePorts: 4, device });
    expect(bus.read(0, 4)).toBe(0xffff_ffff);
  });

  it('splits an access that runs over the end of a device, and each byte finds its own', () => {
    const device = new Recorder([2, 4]);
    bus.attach({ ...range, base: 0x80, sizePorts: 1, device });
    expect(bus.read(0x80, 2)).toBe(0xff40);
    expect(device.accesses).toEqual(['r1 +0']);
    expect(unmodelled).toEqual(['r1 81 0']);
  });

  it.each([
    [1, 0xff],
    [2, 0xffff],
    [4, 0xffff_ffff],
  ] as const)('reads %d bytes without a device as all ones and reports it', (width, ones) => {
    expect(bus.read(0xcfc, width)).toBe(ones);
    expect(bus.read(0xcfc, width)).toBe(ones);
    expect(unmodelled).toEqual([`r${width} cfc 0`, `r${width} cfc 0`]);
  });

  it('does not let a doubleword at an unmodelled port reach the device in its middle', () => {
    const device = new Recorder();
    bus.attach({ ...range, base: 0xcf9, sizePorts: 1, device });
    bus.write(0xcf8, 4, 0x8000_0600);
    bus.write(0xcf9, 1, 6);
    expect(device.accesses).toEqual(['w1 +0 6']);
    expect(unmodelled).toEqual(['w4 cf8 80000600']);
  });

  it('serves a chip whose registers are apart', () => {
    const device = new Recorder();
    bus.attach({ ...range, base: 0x60, sizePorts: 1, device });
    bus.attach({ ...range, base: 0x64, sizePorts: 1, device, firstOffset: 4 });
    bus.write(0x64, 1, 0xaa);
    bus.write(0x60, 1, 0x55);
    expect(device.accesses).toEqual(['w1 +4 aa', 'w1 +0 55']);
  });

  it.each([
    [0x3f0, 9, /at 0x3f8/],
    [0x3ff, 1, /at 0x3ff/],
    [0x3fa, 2, /at 0x3fa/],
  ])('refuses a range at %i of %i ports that overlaps com1', (base, sizePorts, where) => {
    const device = new Recorder();
    bus.attach({ ...range, name: 'com1', base: 0x3f8, sizePorts: 8, device });
    const attach = (): void => bus.attach({ ...range, name: 'other', base, sizePorts, device });
    expect(attach).toThrow(ConfigurationError);
    expect(attach).toThrow(/other .* overlaps com1/);
    expect(attach).toThrow(where);
  });

  it.each([
    [0xffff, 2],
    [-1, 1],
    [0x80, 0],
    [0.5, 1],
  ])('refuses %d ports at %d', (base, sizePorts) => {
    expect(() => bus.attach({ ...range, base, sizePorts, device: null })).toThrow(
      ConfigurationError,
    );
  });

  it('names ports, tells their access time, and prints the table by address', () => {
    bus.attach({ ...range, name: 'later', base: 0x80, sizePorts: 1, device: new Recorder() });
    bus.attach({ name: 'hole', base: 0x10, sizePorts: 4, device: null, accessTimeNs: 5 });
    expect(bus.nameOf(0x13)).toBe('hole');
    expect(bus.nameOf(0x14)).toBeNull();
    expect([0x13, 0x14, 0x80].map((port) => bus.accessTimeNs(port))).toEqual([5, 700, 1000]);
    expect(bus.describe().split('\n').slice(2)).toEqual([
      '| 0x010–0x013 | hole | no | 5 |',
      '| 0x080 | later | yes | 1000 |',
      '',
    ]);
  });

  it('takes a read for steady where no device answers, or where the device says so', () => {
    const device = Object.assign(new Recorder(), {
      readsAreSteady: (offset: number): boolean => offset === 5,
    });
    bus.attach({ ...range, base: 0x3f8, sizePorts: 8, device });
    bus.attach({ ...range, base: 0x40, sizePorts: 4, device: new Recorder() });
    expect([0x3fd, 0x3f8, 0x40, 0x1234].map((port) => bus.readsAreSteady(port))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('takes steady reads for settled where no device answers, or where the device says that no timer runs', () => {
    const device = (isSettled: boolean): Recorder =>
      Object.assign(new Recorder(), { readsAreSteady: () => true, isSettled: () => isSettled });
    bus.attach({ ...range, base: 0x3f8, sizePorts: 8, device: device(true) });
    bus.attach({ ...range, base: 0x2f8, sizePorts: 8, device: device(false) });
    bus.attach({ ...range, base: 0x40, sizePorts: 4, device: new Recorder() });
    expect([0x3fd, 0x2fd, 0x40, 0x1234].map((port) => bus.readsAreSettled(port))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
