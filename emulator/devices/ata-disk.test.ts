import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { AtaDisk } from './ata-disk.js';
import { DiskMedium } from './disk-medium.js';

/** Expectations: ATA-6; cylinders, heads and sectors: ATA-3. */

const SECTORS = 3000;
const DATA = 0;
const ERROR = 1;
const COUNT = 2;
const LOW = 3;
const MID = 4;
const HIGH = 5;
const DEVICE = 6;
const STATUS = 7;
const CONTROL = 8;
const BSY = 0x80;
const DRQ = 0x08;
const READY = 0x50;
const LONG_CYCLES = 10_000_000;

let events: EventQueue;
let medium: DiskMedium;
let disk: AtaDisk;
let irq: boolean;
let interrupts: number;

const inp = (offset: number): number => disk.readPort(offset, 1);
const out = (offset: number, value: number): void => disk.writePort(offset, 1, value);
const pass = (): void => events.advanceTo(events.nowCycles + LONG_CYCLES);

/** Sector n begins with n, in four bytes, and goes on with the lowest of them. */
function imageOf(sectors: number): Uint8Array {
  const image = new Uint8Array(512 * sectors);
  for (let sector = 0; sector < sectors; sector++) {
    image.fill(sector, 512 * sector, 512 * (sector + 1));
    new DataView(image.buffer).setUint32(512 * sector, sector, true);
  }
  return image;
}

function build(): void {
  irq = false;
  interrupts = 0;
  disk = new AtaDisk({
    events,
    domains: new ClockDomains(1_000_000_000),
    medium,
    interrupt: {
      set: (level): void => {
        if (level && !irq) interrupts++;
        irq = level;
      },
    },
  });
}

beforeEach(() => {
  events = new EventQueue();
  medium = new DiskMedium(imageOf(SECTORS));
  build();
});

/** Upper bytes of 48-bit addresses and counts are 0. */
function command(code: number, count = 0, sector = 0, device = 0xe0): void {
  out(DEVICE, device | (sector >>> 24));
  for (const offset of [COUNT, LOW, MID, HIGH]) out(offset, 0);
  out(COUNT, count);
  [LOW, MID, HIGH].forEach((offset, index) => out(offset, (sector >>> (8 * index)) & 0xff));
  out(STATUS, code);
}

const word = (): number => disk.readPort(DATA, 2);
const block = (sectors: number): number[] => Array.from({ length: 256 * sectors }, word);
const address = (): number => inp(LOW) | (inp(MID) << 8) | (inp(HIGH) << 16);

describe('ATA disk', () => {
  it('has the signature of an ATA device behind power-on, a reset and its diagnostic', () => {
    const signature = [0x01, 1, 1, 0, 0, 0xa0, READY]; // error = 1: passed; DRDY and DSC
    const read = (): number[] => [ERROR, COUNT, LOW, MID, HIGH, DEVICE, STATUS].map(inp);
    expect(read()).toEqual(signature);
    command(0xff, 9, 0x123456);
    pass();
    out(CONTROL, 0x04);
    expect(inp(CONTROL)).toBe(BSY);
    pass();
    expect(inp(CONTROL)).toBe(BSY); // as long as SRST is set
    out(CONTROL, 0x00);
    expect(inp(CONTROL)).toBe(BSY);
    pass();
    expect([irq, ...read()]).toEqual([false, ...signature]);
    command(0x90, 9, 0x123456);
    pass();
    expect([irq, ...read()]).toEqual([true, ...signature]);
  });

  it('says in IDENTIFY DEVICE what it can do', () => {
    command(0xec);
    expect(inp(CONTROL)).toBe(BSY);
    pass();
    expect([inp(CONTROL), irq]).toEqual([READY | DRQ, true]);
    const words = block(1);
    expect(inp(STATUS)).toBe(READY);
    expect(words).toHaveLength(256);
    const at = (index: number): number | undefined => words[index];
    expect(at(0)).toBe(0x0040);
    expect([at(1), at(3), at(6)]).toEqual([2, 16, 63]); // 3000 / (16 * 63), whole cylinders
    expect((at(49) ?? 0) & 0x0300).toBe(0x0200); // LBA, no DMA
    expect([at(60), at(61)]).toEqual([SECTORS, 0]);
    expect((at(83) ?? 0) & 0xc400).toBe(0x4400); // valid, 48-bit addresses
    expect([at(100), at(101), at(102), at(103)]).toEqual([SECTORS, 0, 0, 0]);
    const text = words.slice(27, 47).map((w) => String.fromCharCode(w >> 8, w & 0xff));
    expect(text.join('')).toBe('S7X DISK'.padEnd(40));
  });

  it.each([
    ['READ SECTOR(S)', 0x20, 0xe0],
    ['READ SECTOR(S) EXT', 0x24, 0x40],
  ])(
    '%s: DRQ and an interrupt for each sector, the address of the last behind it',
    (_title, code, device) => {
      command(code, 3, 0x123, device);
      for (const sector of [0x123, 0x124, 0x125]) {
        expect(inp(CONTROL)).toBe(BSY);
        pass();
        expect([inp(CONTROL), irq]).toEqual([READY | DRQ, true]);
        expect([inp(STATUS), irq]).toEqual([READY | DRQ, false]);
        const words = block(1);
        expect([words[0], words[1], words[255]]).toEqual([sector, 0, (sector & 0xff) * 0x101]);
      }
      expect([inp(STATUS), address(), interrupts]).toEqual([READY, 0x125, 3]);
      expect(inp(COUNT)).toBe(0); // ATA-3, "Sector Count register": nothing is left to transfer
    },
  );

  it('takes 0 sectors for 256, and for 65536 with 48-bit addresses', () => {
    command(0x40, 0, SECTORS - 256);
    pass();
    expect([inp(STATUS), address()]).toEqual([READY, SECTORS - 1]);
    medium = new DiskMedium(new Uint8Array(512 * 65_537));
    build();
    command(0x42, 0, 0, 0x40);
    pass();
    expect([inp(STATUS), address()]).toEqual([READY, 65_535]);
  });

  it('keeps the byte that was written before for 48-bit addresses, and shows it with HOB', () => {
    for (const [offset, before, last] of [
      [COUNT, 0x00, 0x01],
      [LOW, 0x00, 0x34],
      [MID, 0x00, 0x02],
      [HIGH, 0x00, 0x00],
    ] as const) {
      out(offset, before);
      out(offset, last);
    }
    out(DEVICE, 0x40);
    out(STATUS, 0x24);
    pass();
    expect(block(1)[0]).toBe(0x0234);
    out(LOW, 0x77);
    out(CONTROL, 0x80);
    expect(disk.readPort(LOW, 1)).toBe(0x34);
  });

  it('READ MULTIPLE: one DRQ and one interrupt for a block, when SET MULTIPLE MODE has said how large it is', () => {
    command(0xc4, 5);
    pass();
    expect([inp(STATUS), inp(ERROR)]).toEqual([READY | 1, 0x04]);
    command(0xc6, 3);
    pass();
    expect([inp(STATUS), inp(ERROR)]).toEqual([READY | 1, 0x04]); // a power of 2
    command(0xc6, 4);
    pass();
    expect(inp(STATUS)).toBe(READY);
    interrupts = 0;
    command(0xc4, 5, 7);
    pass();
    expect([inp(STATUS), block(4)[256 * 3]]).toEqual([READY | DRQ, 10]);
    pass();
    expect([block(1)[0], inp(STATUS), interrupts]).toEqual([11, READY, 2]);
    command(0xc6, 3);
    pass();
    command(0xc4, 5);
    pass();
    expect([inp(STATUS), inp(ERROR)]).toEqual([READY | 1, 0x04]); // a refused size disables it
  });

  it('translates cylinders, heads and sectors, as INITIALIZE DEVICE PARAMETERS says', () => {
    const read = (cylinder: number, head: number, sector: number): number => {
      command(0x20, 1, (cylinder << 8) | sector, 0xa0 | head);
      pass();
      return (inp(STATUS) & DRQ) === 0 ? -inp(ERROR) : (block(1)[0] ?? -1);
    };
    expect(read(1, 2, 3)).toBe((1 * 16 + 2) * 63 + 2);
    expect(read(0, 0, 0)).toBe(-0x10); // there is no sector 0
    expect(read(0, 0, 64)).toBe(-0x10);
    command(0x91, 17, 0, 0xa0 | 3); // 4 heads, 17 sectors
    pass();
    expect(inp(STATUS)).toBe(READY);
    expect(read(1, 2, 3)).toBe((1 * 4 + 2) * 17 + 2);
    expect(read(0, 4, 1)).toBe(-0x10);
  });

  it('WRITE SECTOR(S): DRQ without an interrupt, then one behind each sector; the file stays as it is', () => {
    const image = imageOf(SECTORS);
    medium = new DiskMedium(image);
    build();
    command(0x30, 2, 100);
    pass();
    expect([inp(CONTROL), irq]).toEqual([READY | DRQ, false]);
    for (let index = 0; index < 256; index++) disk.writePort(DATA, 2, 0xa55a);
    expect(inp(CONTROL)).toBe(BSY);
    pass();
    expect([irq, inp(STATUS)]).toEqual([true, READY | DRQ]);
    for (let index = 0; index < 128; index++) disk.writePort(DATA, 4, 0x1234_5678);
    pass();
    expect([inp(STATUS), interrupts, address()]).toEqual([READY, 2, 101]);
    command(0x20, 3, 100);
    const first: number[] = [];
    for (let sector = 0; sector < 3; sector++) {
      pass();
      first.push(block(1)[0] ?? -1);
    }
    expect(first).toEqual([0xa55a, 0x5678, 102]);
    const before = imageOf(SECTORS);
    expect(image.every((byte, index) => byte === before[index])).toBe(true);
  });

  it.each([
    ['READ SECTOR(S)', 0x20],
    ['WRITE SECTOR(S)', 0x30],
  ])(
    '%s beyond the last sector: IDNF, the address that is not there, and how many sectors are left',
    (_title, code) => {
      command(code, 4, SECTORS - 1);
      pass();
      for (let index = 0; index < 256; index++) {
        if (code === 0x20) word();
        else disk.writePort(DATA, 2, 0);
      }
      pass();
      expect([inp(STATUS), inp(ERROR), address()]).toEqual([READY | 1, 0x10, SECTORS]);
      expect(inp(COUNT)).toBe(3);
      command(code, 1, SECTORS);
      pass();
      expect([inp(STATUS), inp(ERROR)]).toEqual([READY | 1, 0x10]);
    },
  );

  it.each([
    ['IDENTIFY PACKET DEVICE', 0xa1],
    ['READ DMA', 0xc8],
    ['SMART', 0xb0],
    ['NOP', 0x00],
    ['SET FEATURES of no kind', 0xef],
  ])('aborts %s', (_title, code) => {
    command(code, 1);
    pass();
    expect([inp(STATUS), inp(ERROR), irq]).toEqual([READY | 1, 0x04, false]);
  });

  it.each([
    ['FLUSH CACHE', 0xe7],
    ['FLUSH CACHE EXT', 0xea],
    ['RECALIBRATE', 0x10],
    ['SEEK', 0x70],
    ['STANDBY IMMEDIATE', 0xe0],
  ])('completes %s', (_title, code) => {
    command(code);
    pass();
    expect([irq, inp(STATUS), inp(ERROR)]).toEqual([true, READY, 0]);
  });

  it('answers 0 for device 1, which is not there, and takes no command for it', () => {
    command(0xec, 0, 0, 0xb0);
    pass();
    expect([inp(STATUS), inp(CONTROL), interrupts]).toEqual([0, 0, 0]);
    out(DEVICE, 0xa0);
    expect(inp(STATUS)).toBe(READY);
  });

  it('keeps the interrupt of device 0 while the status of device 1 is read', () => {
    command(0xe7);
    pass();
    out(DEVICE, 0xb0);
    expect([inp(STATUS), irq]).toEqual([0, false]);
    out(DEVICE, 0xa0);
    expect([irq, inp(STATUS), irq]).toEqual([true, READY, false]);
  });

  it('does not interrupt while nIEN is set', () => {
    out(CONTROL, 0x02);
    command(0x20, 1);
    pass();
    expect([inp(CONTROL), irq]).toEqual([READY | DRQ, false]);
    out(CONTROL, 0x00);
    expect(irq).toBe(true);
  });

  it('goes on from a snapshot in the middle of a transfer', () => {
    command(0x20, 2, 10);
    pass();
    block(1);
    const [queue, state] = [events.snapshot(), disk.snapshot()];
    events = new EventQueue();
    build();
    events.restore(queue);
    disk.restore(state);
    expect(disk.isSettled()).toBe(false);
    pass();
    expect([block(1)[0], inp(STATUS), disk.isSettled()]).toEqual([11, READY, true]);
    disk.reset();
    build();
    const fresh = disk.snapshot();
    command(0xc6, 4);
    disk.reset();
    expect(disk.snapshot()).toEqual(fresh);
  });
});

describe('disk medium', () => {
  it('fills up the last sector with zeros and ends there', () => {
    const small = new DiskMedium(Uint8Array.of(1, 2, 3));
    expect([small.sectors, small.sizeBytes]).toEqual([1, 512]);
    expect([...small.read(2, 3)]).toEqual([3, 0, 0]);
    expect(small.read(500, 100)).toHaveLength(12);
    small.write(510, Uint8Array.of(7, 8, 9));
    expect([...small.read(509, 10)]).toEqual([0, 7, 8]);
  });

  it.each([1022, 65_534, 131_070])(
    'keeps what is written across sectors, from byte %i on',
    (at) => {
      const before = medium.read(at - 1, 6);
      medium.write(at, Uint8Array.of(1, 2, 3, 4));
      expect([...medium.read(at - 1, 6)]).toEqual([before[0], 1, 2, 3, 4, before[5]]);
      expect([...medium.read(at + 514, 1)]).toEqual([
        ...imageOf(SECTORS).subarray(at + 514, at + 515),
      ]);
    },
  );

  it('has a digest of what differs from the file, and of nothing else', () => {
    const fresh = medium.digest();
    const byte = medium.read(70_000, 1);
    medium.write(70_000, byte);
    expect(medium.digest()).toBe(fresh);
    medium.write(70_000, Uint8Array.of((byte[0] ?? 0) ^ 1));
    const changed = medium.digest();
    expect(changed).not.toBe(fresh);
    const elsewhere = new DiskMedium(imageOf(SECTORS));
    elsewhere.write(70_001, Uint8Array.of((byte[0] ?? 0) ^ 1));
    expect(elsewhere.digest()).not.toBe(changed);
    medium.write(70_000, byte);
    expect(medium.digest()).toBe(fresh);
  });
});
