/**
 * Random writes to every register of the board's timers and interrupt controllers, on slow and fast cores: no value that a
 * guest may write stops the emulator (an assertion fails, a call never returns), and a snapshot of any state goes on as it would.
 */
import { describe, expect, it } from 'vitest';
import { ClockDomains } from '../../emulator/clock/clock-domains.js';
import { EventQueue } from '../../emulator/clock/event-queue.js';
import { DiskMedium } from '../../emulator/devices/disk-medium.js';
import { createPcBoard, type PcBoard } from '../../emulator/machine/pc-board.js';
import {
  memoryBaseOf,
  PC_MEMORY,
  type PcMemoryDeviceName,
} from '../../emulator/machine/pc-memory.js';
import { SeededRandom } from './seeded-random.js';

const SEEDS = 20;
const STEPS = 1000;
/** The slowest and the fastest that there may be, and two between. */
const CORE_HZ = [4_000_000, 25_000_000, 3_000_000_000, 2 ** 34];

const LOCAL_APIC = memoryBaseOf('localApic');
const HPET = memoryBaseOf('hpet');

const MSR_TIME_STAMP_COUNTER = 0x10;
const MSR_APIC_BASE = 0x1b;
const MSR_TSC_DEADLINE = 0x6e0;
const MSR_X2APIC = 0x800;
/** 8254, real-time clock, interrupt controllers, PM timer, NMI and speaker control, coprocessor error, 8042, disk. */
const PORTS = [
  ...[0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1],
  ...[0x40, 0x41, 0x42, 0x43, 0x61],
  ...[0x70, 0x71, 0xf0, 0x600, 0x602],
  ...[0x60, 0x64],
  ...[0x1f0, 0x1f1, 0x1f2, 0x1f3, 0x1f4, 0x1f5, 0x1f6, 0x1f7, 0x3f6],
];
const ATA_DATA = 0x1f0;
const ATA_COMMAND = 0x1f7;
const ATA_COMMANDS = [0x20, 0x24, 0x30, 0x34, 0xc4, 0xc5, 0xc6, 0xec];
const BLOCK_WORDS = 256;
const DISK_BYTES = 40 * 512;
const every = (count: number, bytes: number, first = 0): number[] =>
  Array.from({ length: count }, (_, index) => first + index * bytes);
/** Offsets that mean something, and some that do not. */
const REGISTERS: Readonly<Record<PcMemoryDeviceName, readonly number[]>> = {
  localApic: [...every(0x40, 16), 0x404, 0xffc],
  ioApic: [0x00, 0x10, 0x10, 0x40, 0x20],
  hpet: [0x00, 0x10, 0x10, 0x20, 0xf0, ...every(24, 8, 0x100), 0x3f8],
};

function build(coreHz: number): { clock: EventQueue; board: PcBoard } {
  const clock = new EventQueue();
  const nothing = (): void => undefined;
  const board = createPcBoard({
    clock,
    domains: new ClockDomains(coreHz),
    memory: { read: (_, lengthBytes) => new Uint8Array(lengthBytes), write: nothing },
    uartMode: 'instant',
    terminal: null,
    memorySize: { ramBelow4GiBBytes: 2 ** 27, ramAbove4GiBBytes: 0 },
    fwCfg: { ramBytes: 1n << 27n, commandLine: Uint8Array.of(0), files: new Map() },
    disk: { medium: new DiskMedium(new Uint8Array(DISK_BYTES)), isFixed: true },
    onSerial: nothing,
    onTransmitLost: nothing,
    onDebug: nothing,
    postCode: { code: 0 },
    onPost: nothing,
    onExit: nothing,
    onPowerOff: nothing,
    onReset: nothing,
    onA20: nothing,
    onNmi: nothing,
    onTaskPriority: nothing,
    tscOffset: () => 0n,
    onPowerManagementMoved: () => undefined,
    onWindowsMoved: nothing,
    onIntr: nothing,
    isFerrActive: () => false,
    onIgnne: nothing,
    onUnmodelled: nothing,
  });
  return { clock, board };
}

/** Values that registers are sensitive to: small, single bits, all ones, anything. */
function value(random: SeededRandom, bits: number): bigint {
  const any = random.bits64();
  const one = 1n << BigInt(random.below(bits));
  const small = BigInt(random.below(64));
  return BigInt.asUintN(
    bits,
    random.pick([0n, 1n, small, one, one - 1n, -1n, any, any & 0x1ffffn]),
  );
}

/** Through the disk's data register, in either direction, whatever the disk wants. */
function moveBlock(random: SeededRandom, { bus }: PcBoard): void {
  const widthBytes = random.pick([1, 2, 4] as const);
  const writes = random.chance(50);
  for (let index = 0; index < BLOCK_WORDS; index++) {
    if (writes) bus.write(ATA_DATA, widthBytes, index);
    else bus.read(ATA_DATA, widthBytes);
  }
}

function step(random: SeededRandom, { clock, board }: ReturnType<typeof build>): void {
  const { interrupts, memoryBus } = board;
  switch (random.below(10)) {
    case 0: {
      const soon = clock.nowCycles + random.below(1 << random.below(30));
      const next = clock.nextEventCycle;
      // An event of each cycle would take its time: a hundred of them will do.
      if (random.chance(50) && next < soon + 2 ** 36) clock.advanceTo(next);
      else clock.advanceTo(Math.min(soon, next + 100));
      return;
    }
    case 1:
      interrupts.acknowledge();
      memoryBus.write(LOCAL_APIC + 0xb0n, 4, 0n);
      return;
    case 2: {
      const port = random.pick(PORTS);
      if (port === ATA_DATA) {
        moveBlock(random, board);
        return;
      }
      const command = port === ATA_COMMAND && random.chance(50);
      board.bus.write(port, 1, command ? random.pick(ATA_COMMANDS) : Number(value(random, 8)));
      board.bus.read(port, 1);
      return;
    }
    case 3: {
      const x2apic = MSR_X2APIC + random.below(0x40);
      const msr = random.pick([MSR_TSC_DEADLINE, MSR_TIME_STAMP_COUNTER, x2apic]);
      interrupts.writeMsr(msr, value(random, 64));
      if (msr !== MSR_TIME_STAMP_COUNTER) interrupts.readMsr(msr);
      return;
    }
    case 4: {
      if (!random.chance(10)) return;
      interrupts.writeMsr(MSR_APIC_BASE, LOCAL_APIC | 0x100n | random.pick([0n, 0x800n, 0xc00n]));
      return;
    }
    case 5: {
      const timer = HPET + random.pick([0x100n, 0x120n, 0x140n]);
      memoryBus.write(HPET + 0x10n, 4, 1n);
      memoryBus.write(timer, 4, value(random, 32) | 4n);
      memoryBus.write(timer + 8n, 8, value(random, 64));
      return;
    }
    case 6:
      memoryBus.write(LOCAL_APIC + 0xf0n, 4, 0x1ffn);
      memoryBus.write(LOCAL_APIC + 0x320n, 4, value(random, 32) & ~0x1_0000n);
      memoryBus.write(LOCAL_APIC + 0x380n, 4, value(random, 32));
      return;
    default: {
      const { device, base } = random.pick(PC_MEMORY);
      const widthBytes = random.pick([4, 8]);
      const address = base + BigInt(random.pick(REGISTERS[device]));
      memoryBus.write(address, widthBytes, value(random, 8 * widthBytes));
      memoryBus.read(address, widthBytes);
    }
  }
}

describe.each(CORE_HZ)('on a core of %i Hz', (coreHz) => {
  it(`${SEEDS} guests of ${STEPS} random accesses each`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new SeededRandom(seed);
      const machine = build(coreHz);
      try {
        for (let count = 0; count < STEPS; count++) step(random, machine);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
      const { clock, board } = machine;
      const other = build(coreHz);
      other.clock.restore(clock.snapshot());
      other.board.restore(board.snapshot());
      expect(other.board.snapshot(), `seed ${seed}`).toEqual(board.snapshot());
      const later = Math.min(clock.nextEventCycle, clock.nowCycles + 1e9) + 1000;
      clock.advanceTo(later);
      other.clock.advanceTo(later);
      expect(other.board.snapshot(), `seed ${seed}, later`).toEqual(board.snapshot());
    }
  });
});
