/**
 * A loop that goes from CPL 0 to CPL 3 by IRETQ and back by SYSCALL, in one region once control has often been seen to go so: each level has
 * its TLB, and a segment of the inner level is null in the outer one (SDM Vol. 2A, "IRET/IRETD/IRETQ", ReturnToOuterPrivilegeLevel). And
 * what masks an interrupt that waits: the run ends where it is not masked any more. The interpreter is the expectation: tests/system holds it to the manual.
 */
import { describe, expect, it } from 'vitest';
import { TRANSLATION_FORCED } from '../../emulator/isa/state-layout.js';
import { assemble } from '../../firmware/assembler/assemble.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

/** Control has been seen often enough to go from one region to another; and where each block is a region at once, and each run short. */
const PASSES = 1200;
const PASSES_FORCED = 60;
const INSTRUCTIONS_MAX = 100_000;
const CODE = 0x40_0000n;
const DATA = 0x20_0000n;
const RESULTS = 0x11_0000n;
/** A page of CPL 0 alone. */
const INNER = 0xa0_0000n;
/** Each pass its image of RFLAGS, the base of GS, and what is read there. */
const TABLE = 0x10_0000n;
const STACK = 0x30_0000n;
const GDT = 0x12_0000n;
const DESCRIPTORS = [
  0n,
  0x00af_9b00_0000_ffffn, // code of CPL 0
  0x00cf_9300_0000_ffffn,
  0x00cf_f300_0000_ffffn,
  0x00af_fb00_0000_ffffn, // code of CPL 3
];
const USER_DATA = 0x18 + 3;
const USER_CODE = 0x20 + 3;
/** PML4, its first table, and the page directory of tests/instructions/guest-machine.ts; U/S. */
const TABLES = [0x1000n, 0x2000n];
const DIRECTORY = 0x3000n;
const DIRECTORY_ENTRIES = 4n;
const USER = 4n;

const PLAIN = 2n;
const INTERRUPTS = 0x202n;

// The GS that the program loads at CPL 0 is of DPL 0. A read at CPL 3 goes by base 0 behind the IRETQ; by WRMSR it has a base before.
const SOURCE = `
    mov ecx, 0xc0000081         ; IA32_STAR
    mov eax, 0
    mov edx, 0x8
    wrmsr
    mov ecx, 0xc0000082         ; IA32_LSTAR
    mov eax, system_call
    mov edx, 0
    wrmsr
    mov ecx, 0xc0000084         ; IA32_FMASK
    mov eax, 0x200              ; IF
    wrmsr
  next:
    mov edx, ${INNER}
    mov eax, [edx]
    mov edi, [ebx + 16]
    mov ecx, 0xc0000101         ; IA32_GS_BASE
    mov eax, [ebx + 8]
    xor edx, edx
    wrmsr
    mov eax, [gs:edi]
    add [ebp], eax
    mov eax, ${USER_DATA}
    push eax
    push esi
    db 0x48
    mov eax, [ebx]
    push eax
    mov eax, ${USER_CODE}
    push eax
    db 0x48, 0x8d, 0x05         ; lea rax, [rip + 4]: behind push and iretq
    dd 3
    push eax
    db 0x48
    iretd
    mov eax, [gs:edi]
    add [ebp + 8], eax
    db 0x0f, 0x05               ; syscall
    hlt
  system_call:
    db 0x48
    mov esp, esi
    mov eax, 0x10
    mov gs, ax
    db 0x48
    add ebx, 24
    db 0x49                     ; sub r13, 1
    sub ebp, 1
    jnz next
    hlt`;

function outcome(
  threshold: number | null,
  slice: number,
  passes: number,
  waits: boolean,
  last: readonly bigint[],
): string {
  const tier = new TierMachine(threshold);
  const { machine } = tier;
  const { processor } = machine;
  machine.enter();
  for (const table of TABLES) machine.setWord(table, machine.word(table) | USER);
  for (let entry = 0n; entry < DIRECTORY_ENTRIES; entry++) {
    const at = DIRECTORY + 8n * entry;
    machine.setWord(at, machine.word(at) | USER);
  }
  DESCRIPTORS.forEach((descriptor, index) => {
    machine.setWord(GDT + 8n * BigInt(index), descriptor);
  });
  processor.setDescriptorTable('gdtr', { base: GDT, limit: 8 * DESCRIPTORS.length - 1 });
  processor.setControlRegister('efer', processor.controlRegister('efer') | 1n); // SCE
  const { bytes } = assemble('test.asm', () => `bits 32\norg ${CODE}\n${SOURCE}\n`);
  const words = Array.from({ length: passes }, (_, pass) =>
    pass === passes - 1 ? last : [PLAIN, BigInt(pass % 64) * 8n, DATA],
  );
  processor.write(TABLE, new Uint8Array(BigUint64Array.from(words.flat()).buffer));
  processor.write(
    DATA,
    Uint8Array.from({ length: 0x1000 }, (_, index) => (index * 7) & 0xff),
  );
  processor.fill(RESULTS, 0x1000n, 0n);
  processor.intrLine = waits;
  const registers = { rbx: TABLE, rbp: RESULTS, rsi: STACK, rsp: STACK };
  tier.load(CODE, bytes, { ...registers, r13: BigInt(passes) });
  const figures = tier.finish(slice, INSTRUCTIONS_MAX);
  if (threshold !== null) expect(tier.translator?.made ?? 0).toBeGreaterThan(0);
  return [figures, machine.word(RESULTS), machine.word(RESULTS + 8n)].join(' ');
}

describe.each([
  ['no interrupt waits', false, [PLAIN, 8n, DATA], 'Halt'],
  ['interrupts are permitted at last', false, [INTERRUPTS, 8n, DATA], 'Halt'],
  ['a masked interrupt waits', true, [PLAIN, 8n, DATA], 'Halt'],
  ['an interrupt waits and is permitted at last', true, [INTERRUPTS, 8n, DATA], 'InterruptWindow'],
  ['a page of CPL 0 is read at CPL 3', false, [PLAIN, 0n, INNER], 'Shutdown'],
] as const)('between CPL 0 and 3, %s', (_, waits, last, reason) => {
  const interpreted = (passes: number): string => outcome(null, 1_000_000, passes, waits, last);

  it('the interpreter comes to the end', () => {
    expect(interpreted(PASSES)).toMatch(new RegExp(`^${reason} \\d{5,} `));
  });

  it.each(TRANSLATING)('threshold %d, runs of %d instructions', (threshold, slice) => {
    const passes = threshold === TRANSLATION_FORCED ? PASSES_FORCED : PASSES;
    expect(outcome(threshold, slice, passes, waits, last)).toBe(interpreted(passes));
  });
});
