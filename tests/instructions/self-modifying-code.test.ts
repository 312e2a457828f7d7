/** Code that is written to while it is decoded, executing, or about to execute. */
import { describe, expect, it } from 'vitest';
import {
  ARENA_NEXT,
  BLOCKS_DECODED,
  CODE_ARENA,
  CODE_ARENA_END,
} from '../../emulator/isa/state-layout.js';
import { type Bits, CODE, DATA, GuestMachine, HANDLERS } from './guest-machine.js';
import { TIERS } from './tiers.js';

function resultOf(source: string, bits: Bits): bigint {
  const machine = new GuestMachine(bits, source.replaceAll('WORD', bits === 64 ? '8' : '4'));
  machine.runToHalt();
  expect(machine.vector).toBe(null);
  return machine.register('rax');
}

describe('a store into code', () => {
  const cases: readonly (readonly [string, string, bigint])[] = [
    ['the next instruction', 'mov ebx, next\nmov byte [ebx + 1], 7\nnext: mov eax, 1\nhlt', 7n],
    [
      'an instruction further on in the same block',
      'mov ebx, there\nmov byte [ebx + 1], 7\nmov edx, 3\nadd edx, 4\nthere: mov eax, 1\nhlt',
      7n,
    ],
    [
      'an instruction of the block that has executed already',
      'mov ebx, next\nmov ecx, 2\nnext: mov eax, 1\nadd byte [ebx + 1], 8\nloop next\nhlt',
      9n,
    ],
    [
      'its own bytes, which were fetched already',
      'mov ebx, here\nhere: mov byte [ebx], 0xF4\nmov eax, 5\nhlt',
      5n,
    ],
    [
      'the next instruction, by a push',
      'mov ebx, esp\nmov edx, 0x0009B890\nmov esp, next + WORD\nnop\npush edx\nnext: dd 0xF4F4F4F4, 0\nmov esp, ebx\nhlt',
      9n,
    ],
    [
      'the next instruction, by a string instruction',
      'mov edi, next + 1\nmov al, 7\nmov ecx, 1\nrep stosb\nnext: mov eax, 1\nand eax, 0xFF\nhlt',
      7n,
    ],
    [
      'the block at its own branch target',
      'mov ebx, there\nmov ecx, 3\nxor eax, eax\nnext: jmp there\ntimes 70 nop\nthere: add eax, 1\nadd byte [ebx + 2], 1\nloop next\nhlt',
      1n + 2n + 3n,
    ],
  ];

  describe.each([32, 64] as const)('in %i-bit code', (bits) => {
    it.each(cases)('%s', (_, source, expected) => {
      expect(resultOf(source, bits)).toBe(expected);
    });
  });

  it('is seen in real-address mode, where a boot sector patches itself', () => {
    const source = 'mov byte [next + 1], 7\nnext: mov al, 1\nmov ah, 0\nhlt';
    expect(resultOf(source, 16) & 0xffffn).toBe(7n);
  });

  it('through another linear address of the same page', () => {
    const machine = new GuestMachine(64, 'mov byte [ebx], 7\nnext: mov eax, 1\nhlt');
    machine.setWord(0x2008n, 0x3003n); // the second GiB is the first one again
    machine.setRegisters({ rbx: 0x4000_0000n + machine.label('next') + 1n });
    machine.runToHalt();
    expect(machine.register('rax')).toBe(7n);
  });

  it('by a bus master', () => {
    const machine = new GuestMachine(64, 'next: mov eax, 1\nhlt');
    machine.runToHalt();
    machine.processor.write(CODE + 1n, Uint8Array.of(7));
    machine.processor.rip = CODE;
    machine.runToHalt();
    expect(machine.register('rax')).toBe(7n);
  });

  it('in either half of an instruction that crosses a page', () => {
    const machine = new GuestMachine(64, 'hlt');
    const at = 0x9ffdn; // MOV EAX, imm32: three bytes in the first page, two in the second
    machine.processor.write(at, Uint8Array.of(0xb8, 0x01, 0x00, 0x00, 0x00, 0xf4));
    const results: bigint[] = [];
    for (const [address, byte] of [
      [at, 0xb8],
      [at + 1n, 0x05],
      [at + 4n, 0x80],
      [at, 0xb9], // now it is MOV ECX
    ] as const) {
      machine.processor.write(address, Uint8Array.of(byte));
      machine.processor.rip = at;
      machine.setRegisters({ rax: 0n, rcx: 0n });
      machine.runToHalt();
      results.push(machine.register('rax'), machine.register('rcx'));
    }
    expect(results).toEqual([1n, 0n, 5n, 0n, 0x8000_0005n, 0n, 0n, 0x8000_0005n]);
  });

  it('when the executing instruction itself crosses the page', () => {
    const machine = new GuestMachine(64, 'hlt');
    // ADD DWORD [RBX], imm8 at the end of a page, run twice by a loop behind it.
    const at = 0x9ffen;
    machine.processor.write(at, Uint8Array.of(0x83, 0x03, 0x05, 0xe2, 0xfb, 0xf4));
    machine.setRegisters({ rbx: at + 2n, rcx: 3n });
    machine.processor.rip = at;
    machine.runToHalt();
    // The immediate is what is added to itself: 5, 10, 20, 40.
    expect(machine.word(at + 2n, 1)).toBe(40n);
  });
});

describe.each(TIERS)(
  'an exception that is pushed over the code that raises it, %s',
  (_, translator) => {
    it('leaves the handler whole', () => {
      const source = `mov esp, ${CODE + 16n}
      mov edx, second
      ud2
      times 64 nop
      second: mov edx, done
      stc
      ud2
      done: hlt`;
      const machine = new GuestMachine(64, source, {}, null, translator);
      // MOV [RBX], AL; CMC; JMP RDX
      machine.processor.write(HANDLERS + 16n * 6n, Uint8Array.of(0x88, 0x03, 0xf5, 0xff, 0xe2));
      machine.setRegisters({ rbx: DATA });
      machine.runToHalt();
      expect(machine.vector).toBe(null);
      expect(machine.processor.rflags & 1n).toBe(0n);
    });
  },
);

describe.each(TIERS)('an immediate of 32 bits that is stored to, %s', (_, translator) => {
  /** RAX behind the program; `next` is run three times, with ECX 3, 2, 1. */
  const raxOf = (bits: Bits, patch: string, patched: string): bigint => {
    const source = `mov ecx, 3
      mov ebx, patched
      xor eax, eax
      xor edx, edx
      next: ${patch}
      patched: ${patched}
      loop next
      hlt`;
    const machine = new GuestMachine(bits, source, {}, null, translator);
    machine.runToHalt();
    expect(machine.vector).toBe(null);
    return machine.register('rax');
  };
  const cases: readonly (readonly [string, string, string, bigint])[] = [
    ['is the new one at once', 'mov [ebx + 1], ecx', 'add eax, 0x12345678', 6n],
    ['of another block', 'mov [ebx + 1], ecx\njmp patched', 'add eax, 0x12345678', 6n],
    ['whole, by a byte', 'mov [ebx + 2], cl', 'add eax, 0x01000001', 0x300_0603n],
    ['whole, by its upper half', 'mov [ebx + 3], cx', 'add eax, 0x12340001', 0x6_0003n],
    ['with its opcode', 'mov dword [ebx], 0x705', 'or eax, 0x345678', 21n],
    [
      'with a byte behind it',
      'mov dword [ebx + 2], 0x90000000',
      'add eax, 0x12345678\nnop',
      0x168n,
    ],
    ['of a store', 'mov [ebx + 4], ecx', 'mov dword [esp - 8], 0x12345678\nadd eax, [esp - 8]', 6n],
    [
      'of a store that stores to it',
      'nop',
      'add dword [ebx + 3], 0x10000001\nmov eax, [ebx + 3]',
      0x8000_0008n,
    ],
    [
      'or to the displacement before it',
      `lea edi, [ecx * 4 + ${DATA}]\nmov [ebx + 2], edi`,
      'mov dword [edx + 0x11223344], 0x12345678\nadd eax, [edi]',
      0x369d_0368n,
    ],
  ];
  describe.each([32, 64] as const)('in %i-bit code', (bits) => {
    it.each(cases)('%s', (__, patch, patched, expected) => {
      expect(raxOf(bits, patch, patched)).toBe(expected);
    });
  });

  it('is sign-extended to 64 bits', () => {
    // 48 05 id: ADD RAX, imm32
    const patched = 'db 0x48\nadd eax, 0x12345678';
    expect(raxOf(64, 'neg ecx\nmov [ebx + 2], ecx\nneg ecx', patched)).toBe(
      BigInt.asUintN(64, -6n),
    );
  });
});

describe('an immediate that is stored to, in interpreted code', () => {
  it('has nothing decoded again', () => {
    const source = `mov ecx, 1000
      mov ebx, patched
      xor eax, eax
      next: mov [ebx + 1], ecx
      patched: add eax, 0x12345678
      loop next
      hlt`;
    const machine = new GuestMachine(64, source, {}, null, null);
    machine.runToHalt(10_000);
    expect(machine.register('rax')).toBe((1000n * 1001n) / 2n);
    expect(Number(machine.processor.memory.u64(BLOCKS_DECODED))).toBeLessThan(10);
  });
});

/** A program that has patched itself so often. */
function patching(passes: number): GuestMachine {
  const machine = new GuestMachine(
    64,
    `mov ecx, ${passes}
     xor eax, eax
     mov ebx, patched
     next: inc dword [ebx + 1]
     mov byte [ebx], 0x05
     jmp patched
     patched: db 0x05 ; ADD EAX, imm32
     dd 0
     loop next
     hlt`,
  );
  machine.runToHalt(10_000_000);
  return machine;
}

describe('decoded blocks', () => {
  it('survive stores to other bytes of their 64-byte line', () => {
    const machine = new GuestMachine(
      64,
      'mov ebx, count\nmov ecx, 1000\nnext: inc dword [ebx]\nloop next\nmov eax, [ebx]\nhlt\ncount: dd 0',
    );
    machine.runToHalt();
    expect(machine.register('rax')).toBe(1000n);
    expect(Number(machine.processor.memory.u64(BLOCKS_DECODED))).toBeLessThan(10);
  });

  it('are all dropped when their storage is full, and the program goes on', () => {
    // Each pass changes the code that runs next, so that it is decoded anew. No block was dropped yet in the short ones.
    const used = (passes: number): number =>
      patching(passes).processor.memory.u32(ARENA_NEXT) - CODE_ARENA;
    const bytesPerPass = (used(1010) - used(10)) / 1000;
    const passes = Math.ceil((1.2 * (CODE_ARENA_END - CODE_ARENA)) / bytesPerPass);
    const machine = patching(passes);
    expect(machine.processor.memory.u32(ARENA_NEXT)).toBeLessThan(
      CODE_ARENA + (CODE_ARENA_END - CODE_ARENA) / 2,
    );
    expect(machine.register('rcx')).toBe(0n);
    expect(machine.register('rax')).toBe(BigInt.asUintN(32, BigInt((passes * (passes + 1)) / 2)));
    expect(Number(machine.processor.memory.u64(BLOCKS_DECODED))).toBeGreaterThan(passes);
    // Translations stay: page tables that have changed without an invalidation are not looked at because of that.
    expect(machine.processor.stats().tlbMisses).toBe(patching(10).processor.stats().tlbMisses);
  });

  it('of one address in two modes are two', () => {
    // 48 is DEC EAX in 32-bit code and a REX prefix in 64-bit code.
    const bytes = Uint8Array.of(0x48, 0xff, 0xc0, 0xf4);
    const wide = new GuestMachine(64, 'hlt');
    wide.processor.write(CODE, bytes);
    wide.runToHalt();
    expect(wide.register('rax')).toBe(1n);
    const cs = wide.processor.segment('cs');
    wide.processor.setSegment('cs', { ...cs, attributes: 0xc09b }); // compatibility mode
    wide.processor.rip = CODE;
    wide.setRegisters({ rax: 0n });
    wide.runToHalt();
    expect(wide.register('rax')).toBe(0n);
  });
});

describe('an instruction that crosses into a page that is not mapped', () => {
  it('faults at the second page, with RIP at its first byte', () => {
    const machine = new GuestMachine(64, 'hlt');
    const at = 0x3fff_fffdn;
    machine.processor.write(at, Uint8Array.of(0xb8, 0x01, 0x00));
    machine.processor.rip = at;
    machine.runToHalt();
    expect(machine.vector).toBe(14);
    expect(machine.processor.controlRegister('cr2')).toBe(0x4000_0000n);
    expect(machine.processor.faultChain()[0]?.rip).toBe(at);
  });

  it('does not fault when it ends with the page', () => {
    const machine = new GuestMachine(64, 'hlt');
    const at = 0x3fff_fffdn;
    machine.processor.write(at, Uint8Array.of(0xff, 0xc0, 0xf4)); // INC EAX, HLT
    machine.processor.rip = at;
    machine.runToHalt();
    expect(machine.vector).toBe(null);
    expect(machine.register('rax')).toBe(1n);
  });
});

describe('data beside code', () => {
  it('in the same page is stored to without decoding anything again', () => {
    const machine = new GuestMachine(
      64,
      `mov ebx, ${CODE + 0x400n}\nmov ecx, 500\nnext: mov [ebx], ecx\nloop next\nhlt`,
    );
    machine.runToHalt();
    expect(machine.word(CODE + 0x400n, 4)).toBe(1n);
    expect(Number(machine.processor.memory.u64(BLOCKS_DECODED))).toBeLessThan(8);
    expect(machine.word(DATA)).toBe(0n);
  });
});
