/** Time is a function of the program alone: neither the budgets of single runs nor where blocks begin play a part. */
import { describe, expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { DATA, GuestMachine, UNMAPPED, type Bits } from '../instructions/guest-machine.js';
import { RecordingEngine } from './recording-engine.js';

/** Calls, memory, strings, a block of more than 32 instructions, code across a page boundary, port reads; 16 rounds. */
const PROGRAM = `
  mov ecx, 16
  mov ebx, ${DATA}
next:
  mov eax, [ebx + ecx * 8]
  add [ebx + ecx * 4], eax
  db 0x0f, 0x18, 0x4b, 0x40 ; prefetcht0 [ebx + 64]
  push ecx
  lea esi, [ebx + 8]
  lea edi, [ebx + 0x1800]
  mov ecx, 40
  rep movsd
  pop ecx
  call leaf
  in al, 0x80
  sti
  cli
  test ecx, 1
  jz even
  ${'add eax, ecx\n'.repeat(70)}
even:
  jmp far_away
back:
  sub ecx, 1
  jnz next
  hlt
leaf:
  xor [ebx], eax
  ret
  times 3800 nop
far_away:
  ${'mov edx, [ebx + 16]\n'.repeat(600)}
  jmp back
`;
const DEADLINE_EVERY = 997n;

/** Runs to HLT in slices of `budget`, with a deadline every DEADLINE_EVERY cycles: where and when each came, and the end. */
function cut(bits: Bits, budget: number): { stops: string[]; end: string } {
  const engine = new RecordingEngine(false);
  const machine = new GuestMachine(bits, PROGRAM, {}, engine.attach);
  const { processor } = machine;
  const stops: string[] = [];
  let deadline = DEADLINE_EVERY;
  for (;;) {
    engine.deadline = deadline;
    const reason = processor.run(budget);
    if (reason === ExitReason.Deadline) {
      expect(engine.now).toBeGreaterThanOrEqual(deadline);
      stops.push(`${engine.now} at 0x${processor.rip.toString(16)} #${processor.retired}`);
      deadline = engine.now + DEADLINE_EVERY;
    } else if (reason === ExitReason.Halt) break;
    else if (reason !== ExitReason.Budget && reason !== ExitReason.Io) {
      throw new Error(ExitReason[reason]);
    }
  }
  const end = `${engine.now} #${processor.retired} ${processor.hash('').toString(16)}`;
  return { stops, end };
}

describe.each([32, 64] as const)('a timed run in %i-bit mode', (bits) => {
  it('sees the same deadlines, cycles and state whatever the budgets', () => {
    const whole = cut(bits, 1_000_000);
    expect(whole.stops.length).toBeGreaterThan(10);
    for (const budget of [1, 2, 7, 31, 1000, 100_000]) {
      expect(cut(bits, budget), `budget ${budget}`).toEqual(whole);
    }
  });

  it('leaves the same state as the plain core', () => {
    const plain = new GuestMachine(bits, PROGRAM);
    const timed = new GuestMachine(bits, PROGRAM, {}, new RecordingEngine(false).attach);
    for (const { processor } of [plain, timed]) {
      let reason = processor.run(1_000_000);
      while (reason !== ExitReason.Halt) reason = processor.run(1_000_000);
    }
    expect(timed.processor.hash('')).toBe(plain.processor.hash(''));
    expect(timed.processor.retired).toBe(plain.processor.retired);
  });

  it('hands over every instruction once and in order', () => {
    const source = `mov ebx, ${DATA}\nmov ecx, 3\nl: mov eax, [ebx]\nnop\nsub ecx, 1\njnz l\nin al, 0x80\nhlt`;
    const orders = [1, 2, 3, 100].map((budget) => {
      const engine = new RecordingEngine();
      const machine = new GuestMachine(bits, source, {}, engine.attach);
      while (machine.processor.run(budget) !== ExitReason.Halt);
      expect(engine.completed.length).toBe(machine.processor.retired);
      return [engine.completed, engine.left, engine.accesses];
    });
    for (const order of orders) expect(order).toEqual(orders[0]);
  });
});

describe('before the guest looks outside', () => {
  it('the instructions before are handed over: at a port access', () => {
    const engine = new RecordingEngine();
    const seen: number[] = [];
    const host = {
      portIn: () => {
        seen.push(engine.completed.length);
        return 0;
      },
    };
    const machine = new GuestMachine(64, 'nop\nnop\nin al, 0x80\nnop\nhlt', host, engine.attach);
    machine.runToHalt();
    expect(seen).toEqual([2]);
    expect(engine.completed.length).toBe(5);
  });

  it('the instructions before are handed over: at RDTSC', () => {
    const engine = new RecordingEngine();
    const host = { timeStamp: () => engine.now };
    const machine = new GuestMachine(64, 'nop\nnop\nnop\nrdtsc\nhlt', host, engine.attach);
    machine.runToHalt();
    expect(machine.register('rax')).toBe(3n);
  });

  it('the instructions before are handed over: at a fault', () => {
    const engine = new RecordingEngine();
    const source = `mov ecx, ${UNMAPPED}\nnop\nmov eax, [ecx]\nhlt`;
    const machine = new GuestMachine(64, source, {}, engine.attach);
    machine.runToHalt();
    expect(engine.events).toEqual(['Exception 0xe after 2']);
  });
});
