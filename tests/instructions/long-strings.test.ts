/**
 * Long repeated string instructions, which the core does in chunks: the same as one iteration after the other, and
 * where they fault, the registers show the iterations done.
 */
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { GuestMachine, UNMAPPED } from './guest-machine.js';

const AREA = 0x20_0000n;
const AREA_BYTES = 0x8000;
const SEED = 20251122;

/** What the instruction does, element by element; `step` bytes from one to the next. */
function moveModel(
  memory: Uint8Array,
  from: number,
  to: number,
  elements: number,
  step: number,
): void {
  for (let element = 0; element < elements; element++) {
    const at = from + element * step;
    memory.copyWithin(to + element * step, at, at + Math.abs(step));
  }
}

function instruction(name: 'movs' | 'stos', size: number): string {
  return `rep ${name}${size === 1 ? 'b' : size === 2 ? 'w' : 'd'}`;
}

describe('REP MOVS', () => {
  it.each([
    ['ascending', 'cld', 1, 0],
    ['descending', 'std', -1, 0x5800],
  ])('moves as single iterations do, %s, whatever overlaps', (_, direction, sign, lowest) => {
    const machines = { 32: new GuestMachine(32, 'hlt'), 64: new GuestMachine(64, 'hlt') };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0x1fff }),
        fc.integer({ min: -0x40, max: 0x2000 }),
        fc.integer({ min: 0, max: 0xc00 }),
        fc.constantFrom(1, 2, 4),
        fc.constantFrom(32 as const, 64 as const),
        (offset, distance, elements, size, bits) => {
          const from = lowest + offset;
          const to = Math.max(from + sign * distance, 0);
          const step = sign * size;
          const machine = machines[bits];
          machine.load(`${direction}\n${instruction('movs', size)}\nhlt`);
          const before = Uint8Array.from(
            { length: AREA_BYTES },
            (_, at) => (at * 29 + (at >> 8)) & 0xff,
          );
          machine.processor.write(AREA, before);
          machine.setRegisters({
            rsi: AREA + BigInt(from),
            rdi: AREA + BigInt(to),
            rcx: BigInt(elements),
          });
          machine.runToHalt();
          moveModel(before, from, to, elements, step);
          const after = machine.processor.read(AREA, AREA_BYTES);
          expect(Buffer.compare(after, before)).toBe(0);
          expect(machine.register('rcx')).toBe(0n);
          expect(machine.register('rsi')).toBe(AREA + BigInt(from + elements * step));
          expect(machine.register('rdi')).toBe(AREA + BigInt(to + elements * step));
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('that descends into an unmapped page faults at the element, not below it', () => {
    const machine = new GuestMachine(64, 'std\nrep movsd\nhlt');
    const [source, target] = [AREA + 0x1800n, UNMAPPED + 0x100n];
    machine.setRegisters({ rsi: source, rdi: target, rcx: 0x400n });
    machine.runToHalt();
    expect(machine.vector).toBe(14);
    expect(machine.processor.controlRegister('cr2')).toBe(target);
    expect([machine.register('rsi'), machine.register('rcx')]).toEqual([source, 0x400n]);
  });
});

describe('MOVS and CMPS whose two operands are not mapped', () => {
  const [rsi, rdi] = [UNMAPPED + 0x2000n, UNMAPPED + 0x5000n];

  /** Each row as an AMD family 19h processor does it; for MOVS the SDM's operation says the same. */
  it.each([
    ['MOVSD', 'movsd', rsi],
    ['REP MOVSB', 'rep movsb', rsi],
    ['REP MOVSD', 'rep movsd', rsi],
    ['STD; REP MOVSD', 'std\nrep movsd', rsi],
    ['CMPSD', 'cmpsd', rdi],
    ['REPE CMPSB', 'db 0xF3 ; REPE\ncmpsb', rdi],
    ['REPE CMPSD', 'db 0xF3 ; REPE\ncmpsd', rdi],
  ])('%s faults at the operand that is read first', (_, source, address) => {
    const machine = new GuestMachine(64, `${source}\nhlt`);
    machine.setRegisters({ rsi, rdi, rcx: 100n });
    machine.runToHalt();
    expect(machine.vector).toBe(14);
    expect(machine.processor.controlRegister('cr2')).toBe(address);
    expect([machine.register('rsi'), machine.register('rdi')]).toEqual([rsi, rdi]);
    expect(machine.register('rcx')).toBe(100n);
  });
});

describe('REP STOS', () => {
  it.each([
    ['a few pages', 0x20_0123n, 5000n],
    ['more than one 2-MiB page', 0x3f_fff9n, 0x10_0000n],
    ['less than a quadword', 0x20_0000n, 1n],
  ])('fills %s with a pattern that keeps its phase', (_, start, count) => {
    for (const bits of [32, 64] as const) {
      const machine = new GuestMachine(bits, 'rep stosd\nhlt');
      machine.setRegisters({ rax: 0x4433_2211n, rdi: start, rcx: count });
      machine.runToHalt();
      const end = start + 4n * count;
      expect(machine.register('rdi')).toBe(end);
      expect(machine.word(start - 1n, 1)).toBe(0n);
      expect(machine.word(start, 4)).toBe(0x4433_2211n);
      const middle = start + 4n * (count / 2n);
      expect(machine.word(middle, 4)).toBe(0x4433_2211n);
      expect(machine.word(end - 4n, 5)).toBe(0x4433_2211n);
    }
  });

  it('of a pattern over 512 MiB costs no storage', () => {
    const machine = new GuestMachine(64, 'db 0x48 ; REX.W\nrep stosd\nhlt');
    const before = machine.processor.residentBytes;
    machine.setRegisters({
      rax: 0x8877_6655_4433_2211n,
      rdi: 0x1000_0000n,
      rcx: 0x400_0000n,
    });
    // REX.W must stand directly before the opcode: F3 48 AB.
    machine.processor.write(0x8000n, Uint8Array.of(0xf3, 0x48, 0xab, 0xf4));
    machine.runToHalt();
    expect(machine.register('rdi')).toBe(0x3000_0000n);
    expect(machine.word(0x2fff_fff8n)).toBe(0x8877_6655_4433_2211n);
    expect(machine.processor.residentBytes - before).toBeLessThan(0x10_0000);
  });

  it('that meets an unmapped page stops there with exact registers', () => {
    const machine = new GuestMachine(64, 'here: rep stosd\nhlt');
    const start = UNMAPPED - 0x8002n; // the last element crosses into the unmapped page
    machine.setRegisters({ rax: 0x5555_5555n, rdi: start, rcx: 0x10_0000n });
    machine.runToHalt();
    expect(machine.vector).toBe(14);
    expect(machine.processor.controlRegister('cr2')).toBe(UNMAPPED);
    expect(machine.register('rdi')).toBe(UNMAPPED - 2n);
    expect(machine.register('rcx')).toBe(0x10_0000n - 0x2000n);
    expect(machine.word(UNMAPPED - 2n, 2)).toBe(0n);
    expect(machine.processor.faultChain()[0]?.rip).toBe(machine.label('here'));
  });

  it('that meets its segment limit stops there with exact registers', () => {
    const machine = new GuestMachine(32, 'rep stosd\nhlt');
    machine.processor.setSegment('es', { ...machine.processor.segment('es'), limit: 0x20_4fff });
    machine.setRegisters({ rax: 0x5555_5555n, rdi: 0x20_0000n, rcx: 0x1_0000n });
    machine.runToHalt();
    expect(machine.vector).toBe(13);
    expect(machine.register('rdi')).toBe(0x20_5000n);
    expect(machine.register('rcx')).toBe(0x1_0000n - 0x1400n);
  });
});

describe('REPE CMPS and REPNE SCAS', () => {
  it('REPNE SCASB is strlen', () => {
    const machine = new GuestMachine(64, 'mov al, 0\nmov ecx, -1\nrepne scasb\nhlt');
    machine.processor.write(AREA, new Uint8Array(10_000).fill(0x41));
    machine.setRegisters({ rdi: AREA });
    machine.runToHalt();
    expect(machine.register('rdi')).toBe(AREA + 10_001n);
  });

  it('REPE CMPSB stops behind the first difference', () => {
    const machine = new GuestMachine(64, 'repe cmpsb\nhlt');
    const text = Uint8Array.from({ length: 6000 }, (_, at) => at & 0xff);
    machine.processor.write(AREA, text);
    machine.processor.write(AREA + 0x3001n, text);
    machine.setWord(AREA + 0x3001n + 5000n, 0x99n, 1);
    machine.setRegisters({ rsi: AREA, rdi: AREA + 0x3001n, rcx: 6000n });
    machine.runToHalt();
    expect(machine.register('rcx')).toBe(999n);
    expect(machine.register('rsi')).toBe(AREA + 5001n);
    expect(machine.processor.rflags & 0x40n).toBe(0n);
  });

  it('a budget of one instruction does a pause at most, never half an iteration', () => {
    const machine = new GuestMachine(64, 'std\nrep stosb\nhlt');
    machine.setRegisters({ rdi: AREA + 0x8_0000n, rcx: 0x2_0000n });
    machine.processor.run(1);
    const reasons: string[] = [];
    while (machine.register('rcx') !== 0n) reasons.push(ExitReason[machine.processor.run(1)] ?? '');
    expect(new Set(reasons.slice(0, -1))).toEqual(new Set(['Pause']));
    expect(machine.register('rdi')).toBe(AREA + 0x6_0000n);
  });
});
