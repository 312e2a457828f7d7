/**
 * Instructions and rules that 64-bit mode does not have, so that no recorded vector covers them: decimal arithmetic,
 * PUSHA, BOUND, INTO, far pointers, 16-bit addresses and stacks, segment limits. Source: Intel SDM Vol. 2, the
 * instructions' pages; decimal results are checked against decimal arithmetic itself.
 */
import { describe, expect, it } from 'vitest';
import { CODE, DATA, GuestMachine, STACK } from './guest-machine.js';

const CF = 0x1n;
const AF = 0x10n;
const ZF = 0x40n;

/** Packed BCD of 0 to 99. */
function packed(value: number): number {
  return (Math.floor(value / 10) << 4) | (value % 10);
}

/** Runs `source` for each pair of bytes out of two lists; DATA receives AX and FLAGS of each, four bytes. */
function sweep(first: readonly number[], second: readonly number[], source: string): DataView {
  const pairs = first.flatMap((a) => second.map((b) => [a, b] as const));
  const machine = new GuestMachine(
    32,
    `next: mov al, [esi]
     mov dl, [esi + 1]
     mov ah, 0
     push 2
     popf
     ${source}
     pushf
     pop ebx
     mov [edi], ax
     mov [edi + 2], bx
     add esi, 2
     add edi, 4
     loop next
     hlt`,
  );
  const input = 0x10_0000n;
  machine.processor.write(input, Uint8Array.from(pairs.flat()));
  machine.setRegisters({ rsi: input, rdi: DATA, rcx: BigInt(pairs.length) });
  machine.runToHalt(10_000_000);
  const bytes = machine.processor.read(DATA, 4 * pairs.length);
  return new DataView(bytes.buffer);
}

const TO_99 = Array.from({ length: 100 }, (_, value) => value);
const DIGITS = TO_99.slice(0, 10);

describe('decimal arithmetic', () => {
  it('ADD and DAA add packed numbers of two digits: all 10 000 pairs', () => {
    const results = sweep(TO_99.map(packed), TO_99.map(packed), 'add al, dl\ndaa');
    TO_99.forEach((a) =>
      TO_99.forEach((b) => {
        const at = 4 * (100 * a + b);
        expect(results.getUint8(at)).toBe(packed((a + b) % 100));
        expect(results.getUint16(at + 2, true) & 1).toBe(a + b > 99 ? 1 : 0);
      }),
    );
  });

  it('SUB and DAS subtract packed numbers of two digits: all 10 000 pairs', () => {
    const results = sweep(TO_99.map(packed), TO_99.map(packed), 'sub al, dl\ndas');
    TO_99.forEach((a) =>
      TO_99.forEach((b) => {
        const at = 4 * (100 * a + b);
        expect(results.getUint8(at)).toBe(packed((a - b + 100) % 100));
        expect(results.getUint16(at + 2, true) & 1).toBe(a < b ? 1 : 0);
      }),
    );
  });

  it('ADD and AAA add digits, the carry goes into AH and CF', () => {
    const results = sweep(DIGITS, DIGITS, 'add al, dl\naaa');
    DIGITS.forEach((a) =>
      DIGITS.forEach((b) => {
        const at = 4 * (10 * a + b);
        expect(results.getUint16(at, true)).toBe((Math.floor((a + b) / 10) << 8) | ((a + b) % 10));
        expect(results.getUint16(at + 2, true) & 0x11).toBe(a + b > 9 ? 0x11 : 0);
      }),
    );
  });

  it('SUB and AAS subtract digits, the borrow comes out of AH and is in CF', () => {
    const results = sweep(DIGITS, DIGITS, 'sub al, dl\naas');
    DIGITS.forEach((a) =>
      DIGITS.forEach((b) => {
        const at = 4 * (10 * a + b);
        expect(results.getUint8(at)).toBe((a - b + 10) % 10);
        expect(results.getUint8(at + 1)).toBe(a < b ? 0xff : 0);
        expect(results.getUint16(at + 2, true) & 0x11).toBe(a < b ? 0x11 : 0);
      }),
    );
  });

  it('MUL and AAM give the two digits of a product, AAD puts two digits together', () => {
    const results = sweep(DIGITS, DIGITS, 'mul dl\naam 10');
    DIGITS.forEach((a) =>
      DIGITS.forEach((b) => {
        const digits = (Math.floor((a * b) / 10) << 8) | ((a * b) % 10);
        expect(results.getUint16(4 * (10 * a + b), true)).toBe(digits);
      }),
    );
    const machine = new GuestMachine(32, 'mov ax, 0x0709\naad 10\nhlt');
    machine.runToHalt();
    expect(machine.register('rax') & 0xffffn).toBe(79n);
  });

  it('AAM 0 is #DE, AAM and AAD take any other base', () => {
    const machine = new GuestMachine(
      32,
      'mov ax, 0x12F3\naam 16\naad 16\nmov ebx, eax\naam 0\nhlt',
    );
    machine.runToHalt();
    expect(machine.vector).toBe(0);
    expect(machine.register('rbx') & 0xffffn).toBe(0x00f3n);
  });
});

describe('PUSHA and POPA', () => {
  it('keep the order EAX ECX EDX EBX ESP EBP ESI EDI, with ESP as it was', () => {
    const machine = new GuestMachine(32, 'pushad\nhlt');
    machine.setRegisters({ rax: 1n, rcx: 2n, rdx: 3n, rbx: 4n, rbp: 5n, rsi: 6n, rdi: 7n });
    machine.runToHalt();
    const frame = Array.from({ length: 8 }, (_, n) => machine.word(STACK - 4n - 4n * BigInt(n), 4));
    expect(frame).toEqual([1n, 2n, 3n, 4n, STACK, 5n, 6n, 7n]);
    expect(machine.register('rsp')).toBe(STACK - 32n);
  });

  it('POPA restores all but the stack pointer, 16 bits leave the upper halves', () => {
    const machine = new GuestMachine(
      32,
      'pusha\nmov ebx, 0x11112222\nmov esi, 0x33334444\npopa\nhlt',
    );
    machine.setRegisters({ rbx: 0xaaaa_bbbbn, rsi: 0xcccc_ddddn });
    machine.runToHalt();
    expect(machine.register('rbx')).toBe(0x1111_bbbbn);
    expect(machine.register('rsi')).toBe(0x3333_ddddn);
    expect(machine.register('rsp')).toBe(STACK);
  });

  it('a PUSHA that cannot store its last register stores nothing into ESP', () => {
    const machine = new GuestMachine(32, 'pushad\nhlt');
    machine.processor.setSegment('ss', {
      selector: 0x10,
      base: 0n,
      limit: 0x8fff,
      attributes: 0x4097, // expand-down: offsets above the limit are inside
      unusable: false,
    });
    machine.setRegisters({ rsp: 0x9010n });
    machine.processor.run(1);
    expect(machine.processor.faultChain()[0]).toMatchObject({ vector: 12, errorCode: 0 });
  });
});

describe('BOUND and INTO', () => {
  it.each([
    [9n, 5],
    [10n, null],
    [20n, null],
    [21n, 5],
    [0xffff_fff0n, 5],
  ])('BOUND of %i in 10 to 20: vector %s', (index, vector) => {
    const machine = new GuestMachine(32, `mov ebx, ${DATA}\nbound eax, [ebx]\nhlt`);
    machine.setWord(DATA, 10n, 4);
    machine.setWord(DATA + 4n, 20n, 4);
    machine.setRegisters({ rax: index });
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
  });

  it.each([
    ['with OF = 1 is a trap: the next instruction is pushed', 0x7f, 4],
    ['with OF = 0 does nothing', 0x7e, null],
  ])('INTO %s', (_, value, vector) => {
    const machine = new GuestMachine(32, `mov al, ${value}\nadd al, 1\ninto\nthere: hlt`);
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
    if (vector !== null) {
      expect(machine.word(machine.register('rsp'), 4)).toBe(machine.label('there'));
    }
  });
});

describe('flags outside 64-bit mode', () => {
  it.each([
    ['stc', 0xffn],
    ['clc', 0n],
  ])('SALC after %s', (carry, al) => {
    const machine = new GuestMachine(32, `${carry}\ndb 0xD6 ; SALC\nhlt`);
    machine.setRegisters({ rax: 0x55n });
    machine.runToHalt();
    expect(machine.register('rax')).toBe(al);
  });

  it.each([
    [0x10n, 0x13n, 0x13n, ZF],
    [0x13n, 0x10n, 0x13n, 0n],
    [0x11n, 0x02n, 0x12n, ZF],
  ])('ARPL of %i with %i gives %i', (selector, other, expected, zero) => {
    const machine = new GuestMachine(32, 'arpl ax, dx\npushf\npop ebx\nhlt');
    machine.setRegisters({ rax: selector, rdx: other });
    machine.runToHalt();
    expect(machine.register('rax')).toBe(expected);
    expect(machine.register('rbx') & ZF).toBe(zero);
  });

  it('DAA of 9Ah, the largest adjustment: 00h with CF and AF', () => {
    const machine = new GuestMachine(32, 'mov al, 0x9A\nclc\ndaa\npushf\npop ebx\nhlt');
    machine.runToHalt();
    expect(machine.register('rax') & 0xffn).toBe(0n);
    expect(machine.register('rbx') & (CF | AF | ZF)).toBe(CF | AF | ZF);
  });
});

describe('real-address mode', () => {
  it('LDS and LES load offset and segment', () => {
    const machine = new GuestMachine(16, 'mov bx, 0x6000\nles di, [bx + 4]\nlds si, [bx]\nhlt');
    machine.setWord(0x6000n, 0x2000_1234n, 4);
    machine.setWord(0x6004n, 0x3000_5678n, 4);
    machine.runToHalt();
    expect(machine.register('rsi')).toBe(0x1234n);
    expect(machine.register('rdi')).toBe(0x5678n);
    expect(machine.processor.segment('ds')).toMatchObject({ selector: 0x2000, base: 0x2_0000n });
    expect(machine.processor.segment('es')).toMatchObject({ selector: 0x3000, base: 0x3_0000n });
  });

  it('16-bit addresses wrap at 64 KiB', () => {
    const machine = new GuestMachine(16, 'mov bx, 0xFFFF\nmov si, 0x6001\nmov al, [bx + si]\nhlt');
    machine.setWord(0x6000n, 0x5an, 1);
    machine.runToHalt();
    expect(machine.register('rax') & 0xffn).toBe(0x5an);
  });

  it('a word at offset FFFFh is #GP, not a wrap', () => {
    const machine = new GuestMachine(16, 'mov bx, 0xFFFF\nmov ax, [bx]\nhlt');
    machine.runToHalt();
    expect(machine.vector).toBe(13);
  });

  it('a string instruction wraps its index registers at 64 KiB', () => {
    const machine = new GuestMachine(16, 'mov di, 0xFFFE\nmov cx, 4\nmov al, 0x77\nrep stosb\nhlt');
    machine.processor.setSegment('es', { ...machine.processor.segment('es'), base: 0x5_0000n });
    machine.setRegisters({ rdi: 0x1234_0000n, rcx: 0x5678_0000n });
    machine.runToHalt();
    expect(machine.register('rdi')).toBe(0x1234_0002n);
    expect(machine.register('rcx')).toBe(0x5678_0000n);
    const bytes = [0x5_fffen, 0x5_ffffn, 0x5_0000n, 0x5_0001n, 0x5_0002n, 0x6_0000n];
    expect(bytes.map((address) => machine.word(address, 1))).toEqual([
      0x77n,
      0x77n,
      0x77n,
      0x77n,
      0n,
      0n,
    ]);
  });

  it('the stack pointer wraps from 0 to FFFEh', () => {
    const machine = new GuestMachine(16, 'mov ax, 0x1234\npush ax\nhlt');
    machine.processor.setSegment('ss', { ...machine.processor.segment('ss'), base: 0x5_0000n });
    machine.setRegisters({ rsp: 0xabcd_0000n });
    machine.runToHalt();
    expect(machine.register('rsp')).toBe(0xabcd_fffen);
    expect(machine.word(0x5_fffen, 2)).toBe(0x1234n);
  });

  it.each([
    ['CX', '', 3n],
    ['ECX with an address-size prefix', 'db 0x67', 0x1_0003n],
  ])('LOOP counts in %s', (_, prefix, count) => {
    const machine = new GuestMachine(16, `next: add ebx, 1\n${prefix}\nloop next\nhlt`);
    machine.setRegisters({ rcx: 0x1_0003n });
    machine.runToHalt();
    expect(machine.register('rbx')).toBe(count);
  });

  it('INT n pushes FLAGS, CS, IP of the next instruction and clears IF', () => {
    const machine = new GuestMachine(16, 'sti\nint 0x12\nthere: hlt');
    machine.runToHalt();
    expect(machine.vector).toBe(0x12);
    const frame = [0n, 2n, 4n].map((offset) => machine.word(machine.register('rsp') + offset, 2));
    expect(frame).toEqual([machine.label('there'), 0n, 0x202n]);
    expect(machine.processor.interruptsEnabled).toBe(false);
  });

  it("a jump beyond FFFFh wraps to the segment's start", () => {
    const machine = new GuestMachine(16, 'hlt');
    machine.processor.write(0x5_fffdn, Uint8Array.of(0xeb, 0x11)); // JMP SHORT to FFFFh + 11h
    machine.processor.write(0x5_0010n, Uint8Array.of(0xb0, 0x42, 0xf4));
    machine.processor.setSegment('cs', { ...machine.processor.segment('cs'), base: 0x5_0000n });
    machine.processor.rip = 0xfffdn;
    machine.runToHalt();
    expect(machine.register('rax') & 0xffn).toBe(0x42n);
  });

  it('execution that runs past FFFFh is #GP', () => {
    const machine = new GuestMachine(16, 'hlt');
    machine.processor.write(0x5_ffffn, Uint8Array.of(0x90, 0xf4));
    machine.processor.setSegment('cs', { ...machine.processor.segment('cs'), base: 0x5_0000n });
    machine.processor.rip = 0xffffn;
    machine.runToHalt();
    expect(machine.vector).toBe(13);
  });
});

describe('frames', () => {
  it('ENTER copies the frame pointers of the levels above (32-bit)', () => {
    const machine = new GuestMachine(32, 'db 0xC8, 0x10, 0, 3 ; ENTER 10h, 3\nhlt');
    const outer = 0x6800n;
    machine.setWord(outer - 4n, 0x1111n, 4);
    machine.setWord(outer - 8n, 0x2222n, 4);
    machine.setRegisters({ rbp: outer });
    machine.runToHalt();
    const frame = [4n, 8n, 12n, 16n].map((depth) => machine.word(STACK - depth, 4));
    expect(frame).toEqual([outer, 0x1111n, 0x2222n, STACK - 4n]);
    expect(machine.register('rbp')).toBe(STACK - 4n);
    expect(machine.register('rsp')).toBe(STACK - 16n - 0x10n);
  });

  /** SDM Vol. 2, ENTER, Operation: FrameTemp ← ESP for 32-bit operands; an AMD family 19h processor does the same. */
  it.each([
    ['level 0', 'db 0xC8, 0x10, 0, 0', 0x1234_6ffcn, 16n],
    ['level 1', 'db 0xC8, 0x10, 0, 1', 0x1234_6ffcn, 20n],
    ['level 0, 16-bit operands', 'db 0x66, 0xC8, 0x10, 0, 0', 0x5678_6ffen, 16n],
  ])('ENTER on a stack of 16 bits hands on all of ESP: %s', (_, enter, frame, below) => {
    const machine = new GuestMachine(32, `${enter}\nhlt`);
    machine.processor.setSegment('ss', { ...machine.processor.segment('ss'), attributes: 0x93 });
    machine.setRegisters({ rsp: 0x1234_7000n, rbp: 0x5678_6800n });
    machine.runToHalt();
    expect(machine.register('rbp')).toBe(frame);
    const top = machine.register('rsp');
    expect(top).toBe(0x1234_0000n + (frame & 0xffffn) - below);
    if (below === 20n) expect(machine.word(STACK - 8n, 4)).toBe(frame);
  });

  it('LEAVE undoes it', () => {
    const machine = new GuestMachine(32, 'db 0xC8, 0x40, 0, 0 ; ENTER 40h, 0\nleave\nhlt');
    machine.setRegisters({ rbp: 0x1234_5678n });
    machine.runToHalt();
    expect(machine.register('rbp')).toBe(0x1234_5678n);
    expect(machine.register('rsp')).toBe(STACK);
  });
});

describe('the CS limit', () => {
  it.each([
    ['JMP', 'jmp there'],
    ['Jcc', 'stc\njc there'],
    ['CALL', 'call there'],
    ['JMP r32', 'mov eax, there\njmp eax'],
    ['RET', 'push there\nret'],
    ['LOOP', 'mov ecx, 9\nloop there'],
  ])('%s to a target beyond it is #GP(0) of the branch itself', (name, source) => {
    const machine = new GuestMachine(32, `${source}\nhlt\ntimes 80 nop\nthere: hlt`);
    machine.processor.setSegment('cs', {
      ...machine.processor.segment('cs'),
      limit: Number(CODE) + 64,
    });
    const before = machine.register('rsp');
    while (machine.processor.faultChain().length === 0 && machine.processor.retired < 10) {
      machine.processor.run(1);
    }
    const [fault] = machine.processor.faultChain();
    expect(fault).toMatchObject({ vector: 13, errorCode: 0 });
    expect(fault?.rip).toBeLessThan(CODE + 16n);
    if (name === 'LOOP') expect(machine.register('rcx')).toBe(9n);
    if (name === 'CALL') expect(before).toBe(STACK);
  });

  it('that a far jump makes smaller is checked for targets that were reached before', () => {
    const machine = new GuestMachine(
      32,
      `mov eax, there
       mov ecx, 2
       again: jmp eax
       times 40 nop
       there: sub ecx, 1
       jz done
       db 0xEA ; JMP FAR 0018h:again
       dd again
       dw 0x18
       done: hlt`,
    );
    machine.setWord(0x6018n, 0x0040_9b00_0000_0000n | (CODE + 0x20n)); // byte-granular, ends behind `again`
    machine.processor.setDescriptorTable('gdtr', { base: 0x6000n, limit: 0x1f });
    machine.runToHalt();
    expect(machine.vector).toBe(13);
    expect(machine.processor.faultChain()[0]?.rip).toBe(machine.label('again'));
  });
});
