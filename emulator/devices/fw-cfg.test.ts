import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import type { PhysicalMemoryPort } from '../memory/physical-port.js';
import { DiskMedium } from './disk-medium.js';
import { FwCfg } from './fw-cfg.js';

/** Expectations: QEMU, docs/specs/fw_cfg.rst. */

const MEMORY_BYTES = 0x4000;
let memory: Uint8Array;
let device: FwCfg;

const port: PhysicalMemoryPort = {
  read: (address, lengthBytes) =>
    memory.slice(Number(address & 0xffffn), Number(address & 0xffffn) + lengthBytes),
  write: (address, bytes) => memory.set(bytes, Number(address & 0xffffn)),
};
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const select = (key: number): void => device.writePort(0, 2, key);
const readData = (lengthBytes: number): Uint8Array =>
  Uint8Array.from({ length: lengthBytes }, () => device.readPort(1, 1));
/** Big-endian 32-bit registers on a little-endian port. */
const swap = (value: number): number =>
  new DataView(Uint32Array.of(value).buffer).getUint32(0, false);

/** Puts FWCfgDmaAccess at `at`, triggers it, and gives the control field back. */
function dma(control: number, lengthBytes: number, address: bigint, at = 0x100n): number {
  const view = new DataView(memory.buffer);
  const offset = Number(at & 0xffffn);
  view.setUint32(offset, control);
  view.setUint32(offset + 4, lengthBytes);
  view.setBigUint64(offset + 8, address);
  if (at > 0xffff_ffffn) device.writePort(4, 4, swap(Number(at >> 32n)));
  device.writePort(8, 4, swap(Number(at & 0xffff_ffffn)));
  return view.getUint32(offset);
}

beforeEach(() => {
  memory = new Uint8Array(MEMORY_BYTES).fill(0xcc);
  device = new FwCfg(port, {
    keys: new Map([[0x15, ascii('console=ttyS0\0')]]),
    files: new Map([
      ['opt/s7x/boot', ascii('boot!')],
      ['etc/e820', ascii('0123456789')],
    ]),
  });
});

describe('fw_cfg selector and data', () => {
  it.each([
    ['signature', 0x0000, 'QEMU'],
    ['id: traditional and DMA', 0x0001, '\x03\0\0\0'],
    ['an item', 0x0015, 'console=ttyS0\0'],
    ['the same with the write bit', 0x4015, 'console=ttyS0\0'],
    ['an unknown key: zeros', 0x0077, '\0\0\0'],
    ['an architecture-specific key is another one', 0x8015, '\0\0\0'],
  ])('reads %s', (_name, key, expected) => {
    select(key);
    expect(text(readData(expected.length))).toBe(expected);
  });

  it('begins anew with each selection and reads zeros past the end', () => {
    select(0);
    expect(text(readData(3))).toBe('QEM');
    select(0);
    expect(text(readData(6))).toBe('QEMU\0\0');
  });

  it('lists its files by name, with keys from 0x20 on, in big endian', () => {
    select(0x19);
    const directory = readData(4 + 2 * 64);
    const view = new DataView(directory.buffer);
    expect(view.getUint32(0)).toBe(2);
    const entry = (index: number): unknown[] => {
      const at = 4 + 64 * index;
      const name = text(directory.subarray(at + 8, at + 64)).replace(/\0+$/, '');
      return [name, view.getUint32(at), view.getUint16(at + 4), view.getUint16(at + 6)];
    };
    expect([entry(0), entry(1)]).toEqual([
      ['etc/e820', 10, 0x20, 0],
      ['opt/s7x/boot', 5, 0x21, 0],
    ]);
    select(0x21);
    expect(text(readData(5))).toBe('boot!');
  });

  it('ignores writes to data, and accesses of another width', () => {
    select(0);
    device.writePort(1, 1, 0xff);
    device.writePort(0, 1, 0x15);
    expect(text(readData(4))).toBe('QEMU');
    expect(device.readPort(0, 2)).toBe(0);
  });
});

describe('fw_cfg DMA', () => {
  it('shows "QEMU CFG" in its address register', () => {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, device.readPort(4, 4), true);
    view.setUint32(4, device.readPort(8, 4), true);
    expect(text(new Uint8Array(view.buffer))).toBe('QEMU CFG');
  });

  it('selects and reads an item into memory, and clears the control field', () => {
    expect(dma((0x20 << 16) | 0x08 | 0x02, 10, 0x1000n)).toBe(0);
    expect(text(memory.subarray(0x1000, 0x100a))).toBe('0123456789');
    expect(memory[0x100a]).toBe(0xcc);
  });

  it('goes on where it stopped, skips, and mixes with the data register', () => {
    dma((0x20 << 16) | 0x08, 0, 0n);
    dma(0x02, 2, 0x1000n);
    dma(0x04, 3, 0n);
    dma(0x02, 2, 0x1002n);
    expect(text(memory.subarray(0x1000, 0x1004))).toBe('0156');
    expect(text(readData(3))).toBe('789');
  });

  it('fills with zeros past the end of the item', () => {
    dma((0x21 << 16) | 0x0a, 8, 0x1000n);
    expect(text(memory.subarray(0x1000, 0x1009))).toBe('boot!\0\0\0\xcc');
  });

  it('takes a 64-bit address of the descriptor, once', () => {
    expect(dma((0x21 << 16) | 0x0a, 5, 0x2000n, 0xf_0000_0200n)).toBe(0);
    expect(text(memory.subarray(0x2000, 0x2005))).toBe('boot!');
    expect(device.snapshot().dmaAddressHigh).toBe(0);
  });

  it('writes what memory holds to a store, and nothing beyond its end', () => {
    const store = new DiskMedium(new Uint8Array(512).fill(0x2e));
    device = new FwCfg(port, { keys: new Map(), files: new Map([['store', store]]) });
    memory.set(ascii('abcd'), 0x1000);
    dma((0x20 << 16) | 0x08, 0, 0n);
    dma(0x04, 509, 0n);
    expect(dma(0x10, 4, 0x1000n)).toBe(1);
    expect(dma(0x10, 2, 0x1000n)).toBe(0);
    expect(dma(0x10, 1, 0x1003n)).toBe(0);
    dma((0x20 << 16) | 0x08, 0, 0n);
    dma(0x04, 508, 0n);
    expect(text(readData(5))).toBe('.abd\0');
  });

  it('sets the error bit on a write to an item that is no store', () => {
    expect(dma((0x21 << 16) | 0x08 | 0x10, 1, 0x1000n)).toBe(1);
    expect(text(readData(5))).toBe('boot!');
  });
});

describe('fw_cfg construction and state', () => {
  it.each([['x'.repeat(56)], ['ümlaut'], ['']])('refuses the file name "%s"', (name) => {
    const items = { keys: new Map(), files: new Map([[name, ascii('')]]) };
    expect(() => new FwCfg(port, items)).toThrow(ConfigurationError);
  });

  it.each([0x00, 0x01, 0x19, 0x20])('refuses an item with key %i of its own', (key) => {
    const items = {
      keys: new Map([[key, ascii('mine')]]),
      files: new Map([['file', ascii('')]]),
    };
    expect(() => new FwCfg(port, items)).toThrow(ConfigurationError);
  });

  it('takes a name of 55 characters', () => {
    const name = 'n'.repeat(55);
    device = new FwCfg(port, { keys: new Map(), files: new Map([[name, ascii('x')]]) });
    select(0x19);
    expect(text(readData(4 + 64).subarray(12))).toBe(`${name}\0`);
  });

  it('continues in the middle of an item from a snapshot, and forgets it on reset', () => {
    select(0x20);
    readData(3);
    const state = device.snapshot();
    device.reset();
    expect(text(readData(4))).toBe('QEMU');
    device.restore(state);
    expect(text(readData(3))).toBe('345');
  });
});
