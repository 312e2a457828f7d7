import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { createPcBoard, type PcBoard } from './pc-board.js';
import { PC_PORTS } from './pc-ports.js';

/** The chips through their ports, as a guest meets them. */

const CORE_HZ = 1_000_000_000;

let clock: EventQueue;
let board: PcBoard;
let log: string[];

function build(): void {
  clock = new EventQueue();
  const memory = new Uint8Array(0x1000);
  board = createPcBoard({
    clock,
    domains: new ClockDomains(CORE_HZ),
    memory: {
      read: (address, lengthBytes) => memory.slice(Number(address), Number(address) + lengthBytes),
      write: (address, bytes) => memory.set(bytes, Number(address)),
    },
    uartMode: 'real',
    terminal: null,
    memorySize: { ramBelow4GiBBytes: 3 * 2 ** 30, ramAbove4GiBBytes: 5 * 2 ** 30 },
    fwCfg: {
      ramBytes: 8n << 30n,
      commandLine: Uint8Array.of(0x71, 0x00),
      files: new Map([['etc/e820', Uint8Array.of(1, 2, 3)]]),
    },
    disk: null,
    onSerial: (portIndex, byte) => log.push(`serial ${portIndex} ${byte}`),
    onTransmitLost: (portIndex, byte) => log.push(`lost ${portIndex} ${byte}`),
    onDebug: (byte) => log.push(`debug ${byte}`),
    postCode: { code: 0 },
    onPost: (code) => log.push(`post ${code}`),
    onExit: (value) => log.push(`exit ${value}`),
    onPowerOff: () => log.push('power off'),
    onReset: (origin) => log.push(`reset ${origin}`),
    onA20: (enabled) => log.push(`a20 ${enabled}`),
    onNmi: () => log.push('NMI'),
    onTaskPriority: () => undefined,
    tscOffset: () => 0n,
    onPowerManagementMoved: () => undefined,
    onWindowsMoved: () => undefined,
    onIntr: (level) => log.push(`intr ${level}`),
    isFerrActive: () => false,
    onIgnne: () => log.push('ignne'),
    onUnmodelled: (port, width, isWrite) => log.push(`unmodelled ${port} ${width} ${isWrite}`),
  });
}

const out = (port: number, value: number, width: 1 | 2 | 4 = 1): void =>
  board.bus.write(port, width, value);
const inp = (port: number, width: 1 | 2 | 4 = 1): number => board.bus.read(port, width);
const pass = (cycles: number): void => clock.advanceTo(clock.nowCycles + cycles);

/** PIC at vectors 0x20 and 0x28, all lines open. */
function openPic(): void {
  for (const [port, words] of [
    [0x20, [0x11, 0x20, 0x04, 0x01, 0x00]],
    [0xa0, [0x11, 0x28, 0x02, 0x01, 0x00]],
  ] as const) {
    words.forEach((word, index) => out(index === 0 ? port : port + 1, word));
  }
}

beforeEach(() => {
  log = [];
  build();
});

describe('PC_PORTS', () => {
  it('has no overlap, lies in the address space and is sorted', () => {
    let end = 0;
    for (const { base, sizePorts } of PC_PORTS) {
      expect(base).toBeGreaterThanOrEqual(end);
      end = base + sizePorts;
    }
    expect(end).toBeLessThanOrEqual(0x10000);
  });

  it('is what the bus describes', () => {
    const rows = board.bus.describe().trim().split('\n').slice(2);
    expect(rows.length).toBe(PC_PORTS.length);
    expect(rows).toContain('| 0x3f8–0x3ff | 16550A serial port COM1 | yes | 1000 |');
    expect(rows).toContain('| 0xcfc–0xcff | PCI configuration data | yes | 1000 |');
  });

  it.each([
    [0x3fd, 1000],
    [0x80, 1000],
    [0xe9, 100],
    [0xf4, 100],
    [0x511, 100],
    [0x9999, 1000],
  ])('an access to port %i takes %i ns', (port, timeNs) => {
    expect(board.accessTimeNs(port)).toBe(timeNs);
  });
});

describe('PC board', () => {
  it.each([
    ['debug console', 0xe9, 1, 0x41, 'debug 65'],
    ['debug console of SeaBIOS', 0x402, 1, 0x42, 'debug 66'],
    ['POST code', 0x80, 1, 0x13, 'post 19'],
    ['debug exit, a byte', 0xf4, 1, 0x10, 'exit 16'],
    ['debug exit, a word', 0xf4, 2, 0x1234, 'exit 4660'],
    ['debug exit, a doubleword', 0xf4, 4, 0xffff_ffff, 'exit 4294967295'],
    ['PM1a: S5', 0x604, 2, 0x2000, 'power off'],
    ['fast reset', 0x92, 1, 0x01, 'reset system control port 0x92'],
    ['keyboard controller reset', 0x64, 1, 0xfe, 'reset keyboard controller'],
    ['reset control', 0xcf9, 1, 0x06, 'reset reset control register 0xcf9'],
  ] as const)('%s: %i, %i bytes', (_name, port, width, value, expected) => {
    out(port, value, width);
    expect(log).toEqual([expected]);
  });

  it('a doubleword at 0xCF8 is the PCI address register, not reset control', () => {
    out(0xcf8, 0x8000_0600, 4);
    expect([log, board.bus.read(0xcf8, 4), board.bus.read(0xcf9, 1)]).toEqual([[], 0x8000_0600, 0]);
  });

  it.each([
    ['00:00.0, a host bridge', 0, 0x1237_8086, 0x0600],
    ['00:01.0, an ISA bridge', 1, 0x7000_8086, 0x0601],
    ['00:02.0, nothing', 2, 0xffff_ffff, 0xffff],
  ])('PCI %s', (_, device, identity, classCode) => {
    out(0xcf8, (0x8000_0000 | (device << 11)) >>> 0, 4);
    expect(board.bus.read(0xcfc, 4)).toBe(identity);
    out(0xcf8, (0x8000_0008 | (device << 11)) >>> 0, 4);
    expect(board.bus.read(0xcfe, 2)).toBe(classCode);
  });

  it('finds the debug ports by reading 0xE9, and the last POST code at 0x80', () => {
    out(0x80, 0x77);
    expect([inp(0xe9), inp(0x402), inp(0x80)]).toEqual([0xe9, 0xe9, 0x77]);
  });

  it('resets once per rising edge of the reset bits', () => {
    for (const value of [1, 1, 0, 1]) out(0x92, value);
    for (const value of [4, 6, 2, 6]) out(0xcf9, value);
    expect(log.filter((line) => line.startsWith('reset')).length).toBe(4);
  });

  it('ORs the two A20 gates: enabled at power-on by the keyboard controller', () => {
    expect(board.a20).toBe(true);
    out(0x64, 0xdd);
    out(0x92, 0x02);
    expect(inp(0x92)).toBe(0x02);
    out(0x64, 0xdf);
    out(0x92, 0x00);
    expect(log).toEqual(['a20 false', 'a20 true']);
    expect(board.a20).toBe(true);
  });

  it.each([
    // port, index, vector
    [0x3f8, 0, 0x24],
    [0x2f8, 1, 0x23],
    [0x3e8, 2, 0x24],
    [0x2e8, 3, 0x23],
  ])('serial port at %i is number %i and interrupts with vector %i', (base, index, vector) => {
    openPic();
    out(base + 3, 0x03);
    out(base + 4, 0x0b);
    out(base + 1, 0x02);
    expect(board.interrupts.pic.intr).toBe(true);
    expect(board.acknowledgeInterrupt()).toBe(vector);
    out(base, 0x41);
    pass(CORE_HZ / 100);
    expect(log).toContain(`serial ${index} 65`);
  });

  it('keeps a shared interrupt line high until both serial ports let it go', () => {
    openPic();
    for (const base of [0x3f8, 0x3e8]) {
      out(base + 4, 0x0b);
      out(base + 1, 0x02);
    }
    inp(0x3fa);
    expect(inp(0x20) & 0x10).toBe(0x10);
    inp(0x3ea);
    expect(inp(0x20) & 0x10).toBe(0);
  });

  it('brings timer and clock interrupts to INTR by events alone', () => {
    openPic();
    out(0x21, 0xfa);
    out(0x43, 0x30);
    for (const byte of [0x00, 0x10]) out(0x40, byte);
    const start = clock.nowCycles;
    clock.advanceTo(clock.nextEventCycle);
    while (!board.interrupts.pic.intr) clock.advanceTo(clock.nextEventCycle);
    expect(board.acknowledgeInterrupt()).toBe(0x20);
    expect(clock.nowCycles - start).toBe(Math.ceil((4097 * CORE_HZ) / 1_193_182));
    out(0x20, 0x20);
    out(0x70, 0x0b);
    out(0x71, 0x12);
    while (!board.interrupts.pic.intr) clock.advanceTo(clock.nextEventCycle);
    expect(board.acknowledgeInterrupt()).toBe(0x28);
    expect(clock.nowCycles).toBe(CORE_HZ);
  });

  it('measures time with counter 2 and port 0x61, as a TSC calibration does', () => {
    out(0x61, 0x01);
    out(0x43, 0xb0);
    for (const byte of [0x9b, 0x2e]) out(0x42, byte); // 11931: 10 ms
    pass(CORE_HZ / 100 - 10_000);
    expect(inp(0x61) & 0x20).toBe(0);
    pass(20_000);
    expect(inp(0x61) & 0x20).toBe(0x20);
  });

  it('offers memory size, command line and files through fw_cfg', () => {
    const item = (key: number, lengthBytes: number): number[] => {
      out(0x510, key, 2);
      return Array.from({ length: lengthBytes }, () => inp(0x511));
    };
    expect(item(0x03, 8)).toEqual([0, 0, 0, 0, 2, 0, 0, 0]);
    expect(item(0x05, 2)).toEqual([1, 0]);
    expect(item(0x14, 4)).toEqual([2, 0, 0, 0]);
    expect(item(0x15, 2)).toEqual([0x71, 0]);
    expect(item(0x20, 3)).toEqual([1, 2, 3]);
  });

  it('tells that nothing can interrupt while everything is masked', () => {
    expect(board.interruptsMasked).toBe(false);
    out(0x21, 0xff);
    expect(board.interruptsMasked).toBe(true);
  });

  it.each([
    ['LSR', 0x3fd, true],
    ['RBR', 0x3f8, false],
    ['8042 status', 0x64, true],
    ['8042 data', 0x60, false],
    ['refresh toggle', 0x61, false],
    ['timer', 0x40, false],
    ['clock', 0x71, false],
    ['PM timer', 0x608, false],
    ['PIC', 0x20, true],
    ['nobody', 0x1234, true],
  ])('a loop that reads %s at %i waits for an event: %s', (_name, port, idle) => {
    expect(board.readsAreIdle(port)).toBe(idle);
  });

  it('runs from a snapshot as it would have run', () => {
    const start = (): void => {
      openPic();
      out(0x43, 0x36);
      for (const byte of [0x00, 0x02]) out(0x40, byte);
      for (const [offset, value] of [
        [3, 0x83],
        [0, 1],
        [1, 0],
        [3, 3],
        [2, 7],
        [4, 0x0b],
        [1, 0x0f],
      ] as const) {
        out(0x3f8 + offset, value);
      }
      for (let byte = 0; byte < 5; byte++) out(0x3f8, byte);
      out(0x64, 0xdd);
      pass(100_000);
    };
    const play = (): string => {
      const from = log.length;
      for (let step = 0; step < 60; step++) {
        pass(7_919);
        if (board.interrupts.pic.intr) {
          log.push(`vector ${board.acknowledgeInterrupt()}`);
          inp(0x3fa);
          out(0x20, 0x20);
        }
      }
      out(0x92, 2);
      log.push(JSON.stringify([clock.snapshot(), board.snapshot()]));
      return log.slice(from).join('\n');
    };
    start();
    const saved = JSON.stringify([clock.snapshot(), board.snapshot()]);
    const expected = play();
    build();
    const [clockState, boardState] = JSON.parse(saved) as [
      ReturnType<EventQueue['snapshot']>,
      ReturnType<PcBoard['snapshot']>,
    ];
    clock.restore(clockState);
    board.restore(boardState);
    expect(play()).toBe(expected);
    expect(expected).toContain('serial 0 4');
    expect(expected).toContain('vector 32');
    expect(expected).toContain('a20 true');
  });

  it('is in the power-on state after reset, less what the battery keeps', () => {
    const fresh = board.snapshot();
    openPic();
    out(0x43, 0x36);
    for (const byte of [0, 0]) out(0x40, byte);
    for (const port of [0x92, 0x61, 0x80, 0x3ff, 0x3fc, 0x602, 0x604, 0x4d0]) out(port, 0x0a);
    out(0x3f8, 0x41);
    out(0x64, 0xdd);
    out(0x510, 0x19, 2);
    board.reset();
    expect(board.snapshot()).toEqual(fresh);
    expect(clock.nextEventCycle).toBe(Infinity);
    expect([board.a20, board.interrupts.pic.intr]).toEqual([true, false]);
  });
});
